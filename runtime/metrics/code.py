"""Runs the code of answers with the tests of their rows; :mod:`runtime.code_execution` says how, and what is believed.

About 80 ms of processor time an answer beside what its code takes, as many at a time as there are cores.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256

from runtime.code_execution.extraction import Which, code_of
from runtime.code_execution.running import Limits, Outcome, Program, run_programs
from runtime.metrics.answer import Answer, Explained
from spec_lang.plain_text import one_line

_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
_HOLDS = ("files", "privileges", "calls")  # what confines a program where the platform has all of it
_NOT_CONFINED = "not confined: "
_SHOWN = 80
_KNOWN: dict[tuple[bytes, Limits], Outcome] = {}  # of this process
_MOST_KNOWN = 100_000


def passes_tests(
    answers: Sequence[Answer],
    check: Callable[[], None],
    *,
    k: int = 1,
    fence: Which = "first",
    timeout: int = 5,
    memory_mib: int = 1024,
    allow_code_execution: bool,
) -> list[Explained]:
    """1 where the tests pass, with what went wrong where they do not. None for a row without tests that test, and for a
    program that the machine gave too little time.

    ``k`` changes nothing here: it says how the answers to one item are put together.
    """
    if not allow_code_execution:
        raise ValueError("a plan runs no code unless its spec allows it")
    found = [_program(answer, fence) for answer in answers]
    programs = [one for one in found if isinstance(one, Program)]
    outcomes = iter(_outcomes(programs, Limits(timeout, memory_mib << 20), check))
    return [_explained(next(outcomes)) if isinstance(one, Program) else (None, one) for one in found]


def code_read(answer: Answer, *, fence: Which = "first", **_: object) -> str:
    """Which part of an answer ``passes_tests`` runs as code."""
    code = code_of(answer.output, fence)
    lines = len(code.splitlines())
    if code == answer.output:
        return "read all of it as code"
    return f"read {lines:,} of {len(answer.output.splitlines()):,} lines as code"


def _outcomes(programs: Sequence[Program], limits: Limits, check: Callable[[], None]) -> list[Outcome]:
    """What becomes of each. The same code with the same tests runs once, whichever metric or sample has it."""
    keys = [(_mark(program), limits) for program in programs]
    new = {key: program for key, program in zip(keys, programs, strict=True) if key not in _KNOWN}
    found = dict(zip(new, run_programs(list(new.values()), limits, check), strict=True))
    outcomes = [found[key] if key in found else _KNOWN[key] for key in keys]
    if len(_KNOWN) > _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN.update((key, outcome) for key, outcome in found.items() if outcome.passed is not None)
    return outcomes


def _mark(program: Program) -> bytes:
    parts = (text.encode("utf-8", errors="surrogatepass") for text in (program.code, program.tests))
    return b"".join(sha256(part).digest() for part in parts)


def _program(answer: Answer, fence: Which) -> Program | str:
    """What is run for an answer, or why its row cannot be measured."""
    given, columns = answer.columns["tests"], answer.columns
    lines = given if isinstance(given, list) else [given]
    if not lines or not all(isinstance(line, str) and line.strip() for line in lines):
        return "the row has no tests"
    tests = "\n".join(lines) + "\n"
    if "entry_point" in columns:
        name = columns["entry_point"]
        if not isinstance(name, str) or not name.isidentifier():
            return f"`{one_line(str(name), _SHOWN)}` is no name to check"
        tests += f"check({name})\n"
    problem = _problem(tests, "entry_point" in columns)
    if problem:
        return problem
    code, before = code_of(answer.output, fence), columns.get("before")
    whole = code == answer.output  # goes on in the middle of a line, maybe
    return Program(code if not before else f"{before}{code}" if whole else f"{before}\n{code}", tests)


def _problem(tests: str, called: bool) -> str | None:
    """Why tests cannot tell anything: they are no Python, or what would test is never run. ``called``: at their end
    they call what is checked, so that a main guard holds back nothing of them."""
    try:
        statements = ast.parse(tests).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the tests are no Python: {one_line(str(error), _SHOWN)}"
    if all(isinstance(one, _DEFINES) or _is_text(one) for one in statements):
        return "the tests only define things and run none of them; `entry_point` names what is checked"
    if not called and any(_is_guard(one) for one in statements):
        return (
            "tests under `if __name__ == …` do not run; call them in the open, or name what is checked: `entry_point`"
        )
    coroutines = {one.name for one in statements if isinstance(one, ast.AsyncFunctionDef)}
    for one in statements:
        name = _called(one)
        if name in coroutines:
            return f"`{one_line(name, _SHOWN)}` is a coroutine that nothing awaits, so that it does not run"
    return None


def _is_guard(statement: ast.stmt) -> bool:
    names = (
        (part.id for part in ast.walk(statement.test) if isinstance(part, ast.Name))
        if isinstance(statement, ast.If)
        else ()
    )
    return "__name__" in names


def _called(statement: ast.stmt) -> str:
    """The name of a function that is called and whose result goes nowhere."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _explained(outcome: Outcome) -> Explained:
    value = None if outcome.passed is None else float(outcome.passed)
    open_to_it = [name for name in _HOLDS if name not in outcome.held] if outcome.passed is not None else []
    notes = [outcome.reason] if outcome.reason else []
    if open_to_it and sys.platform.startswith("linux"):
        notes.append(f"{_NOT_CONFINED}{', '.join(open_to_it)}")
    return value, "; ".join(notes)


def not_confined(reason: str) -> str:
    """What did not confine a program, of the reason that is kept of it; empty where all did. Of the reason's end, since
    before it there may be text of the program's own."""
    _, _, names = reason.rpartition("; ")[2].partition(_NOT_CONFINED)
    return names if names and set(names.split(", ")) <= set(_HOLDS) else ""
