"""What a run pays that has nothing to measure or to decide."""

from __future__ import annotations

import subprocess
import sys


def test_step_modules_and_planning_numbers_load_nothing_heavy() -> None:
    modules = "runtime.steps.gate, runtime.steps.measure, runtime.metrics, compiler.power"
    heavy = "{'numpy', 'scipy', 'duckdb', 'pandas', 'torch'}"
    code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_gate_without_bootstrap_does_not_load_scipy_stats() -> None:
    code = (
        "import sys, numpy as np\n"
        "from runtime.gating.comparison import compare\n"
        "import runtime.gating.requirement\n"
        "compare(np.ones((40, 2)), np.eye(40, 2), 'share', 0.95, 1)\n"
        "print('scipy.stats' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
