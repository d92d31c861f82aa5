"""The tree of a plan: every step once, under a step that it reads, within the width, coloured on terminals only."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from compiler.plan_diff import diff, previous_steps
from runtime.plan_facts import StepFacts
from sft.coloured import print_lines
from sft.plan_page import plan_lines, rough, short_count
from sft.planning import Outlook
from tests.compiler.quickstart import QUICKSTART, changed
from tests.compiler.test_hashes import plan_of

BEFORE = plan_of(QUICKSTART)
FACTS = StepFacts(rows_in=12_345, exact=True, tokens=7_240, seconds=83.0, basis="its last run")


def outlook(text: str = QUICKSTART) -> Outlook:
    plan = plan_of(text)
    changes = diff(plan, previous_steps(BEFORE), {step.hash for step in BEFORE})
    return Outlook(plan, changes, {change.step_id: FACTS for change in changes})


def lines(found: Outlook, width: int = 80) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in plan_lines(found, width)]


def test_every_step_stands_once_below_what_it_reads() -> None:
    shown = [re.sub(r"[│├└─ ]*[=+~-] (\w+) (\S+).*", r"\1:\2", line) for line in lines(outlook(), 140)]
    order = [line for line in shown if line in {step.id for step in BEFORE}]
    assert sorted(order) == sorted(step.id for step in BEFORE)
    below = {step.id: order.index(step.id) for step in BEFORE}
    for step in BEFORE:
        assert not step.inputs or min(below[source] for source in step.inputs.values()) < below[step.id]
    assert order.index("gate:release") == order.index("measure:format") + 1


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("text", [QUICKSTART, changed("Triage the support", "整理" * 40), changed("1e-3", "2e-3")])
def test_no_line_is_wider_than_asked(text: str, width: int) -> None:
    shown = lines(outlook(text), max(width, 64))
    assert max(map(cell_len, shown)) <= max(width, 64)


def test_columns_and_reasons() -> None:
    shown = lines(outlook(changed("1e-3", "2e-3")))
    (train,) = [line for line in shown if "~ train tuned" in line]
    assert train.split()[-7:] == ["tuned", "(+1)", "rerun", "12,345", "~7.2k", "~1.4", "min"]
    reason = shown[shown.index(train) + 1]
    assert reason.endswith("learning_rate: 0.001 -> 0.002 (triage.sft:48)")
    (gate,) = [line for line in shown if "gate release" in line]
    assert "12,345" not in gate


def test_a_terminal_gets_colours_and_a_pipe_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    page, plain, coloured = plan_lines(outlook(), 80), io.StringIO(), Terminal()
    print_lines(page, plain)
    print_lines(page, coloured)
    assert "\x1b[" not in plain.getvalue() and "\x1b[" in coloured.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured.getvalue()).split() == plain.getvalue().split()
    monkeypatch.setenv("NO_COLOR", "1")
    quiet = Terminal()
    print_lines(page, quiet)
    assert quiet.getvalue() == plain.getvalue()


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (999, "999"), (7244, "7.2k"), (123_456, "123k"), (1_400_000, "1.4M")]
)
def test_short_counts(number: int, shown: str) -> None:
    assert short_count(number) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.87, "870 ms"),
        (42, "42 s"),
        (59.6, "1.0 min"),
        (83, "1.4 min"),
        (2100, "35 min"),
        (9000, "2.5 h"),
        (1e6, "278 h"),
    ],
)
def test_estimates_are_rough(seconds: float, shown: str) -> None:
    assert rough(seconds) == shown


def test_a_deep_tree_keeps_to_the_width_and_to_its_names() -> None:
    filters = "".join(f"filter step_{number} {{ keep id != {number} }}\n" for number in range(40))
    names = ", ".join(f"step_{number}" for number in range(40))
    text = (
        'edition 2026\nsource tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }\n'
        f"{filters}task triage {{ from = tickets   filters = [{names}] }}\n"
    )
    shown = lines(outlook(text), 80)
    assert max(map(cell_len, shown)) <= 80
    assert all(any(f"filter triage.step_{number} " in f"{line} " for line in shown) for number in range(40))
