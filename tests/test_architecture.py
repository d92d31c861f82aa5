"""The rules of the house: who may import whom, what an import may cost, how long a file may be, which codes exist.

Imports are read from the syntax tree, also those inside functions, so a lazy import cannot go
around a rule. Imports under ``if TYPE_CHECKING`` count for the direction of layers, but not as a
use of a library: they cost nothing and run nothing.
"""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("spec_lang", "compiler", "runtime", "tui", "sft")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_LINES = 300
CODE = re.compile(r"SFT\d{4}")

# Importer -> what it may import of the other packages (a prefix of dotted names).
ALLOWED = {
    "spec_lang": (),
    "compiler": ("spec_lang",),
    "runtime": (
        *("spec_lang.diagnostics", "spec_lang.plain_text", "spec_lang.source", "spec_lang.suggest"),
        *("spec_lang.imports", "compiler"),
    ),
    "tui": (
        "spec_lang",
        "compiler.plan",
        "compiler.step_params",
        *(
            "compiler.compile",
            "compiler.world",
            "compiler.editor.words",
            "runtime.world",
        ),  # the spec, checked and coloured
        *("runtime.tracing", "runtime.training.shown_row"),  # rows, looked up as `sft trace` does
        *("runtime.relational", "runtime.row_files"),
        "compiler.explain",
        "compiler.plan_diff",
        "runtime.store",
        "runtime.attached_files",
        "runtime.events",
        "runtime.artifacts",
        "runtime.measuring.slice_names",
        *("runtime.metrics.answer", "runtime.metrics.readings"),  # what a metric read, told by its own code
        "runtime.environment",
        "runtime.processes",
        "runtime.internal_errors",
        "runtime.looks",
        *("runtime.detached", "runtime.own_process"),
        *("runtime.own_results", "runtime.spec_place"),
        "runtime.baselines",
        "runtime.run_comparison",
    ),
    "sft": ("spec_lang", "compiler", "runtime", "tui"),
}
# The one file that executes text: the program of a confined process, where a spec allows code of a model's to run.
RUNS_CODE = "runtime/code_execution/child.py"
# The passes of the compiler stay out of the runtime: it takes plans, not specs.
NOT_FOR_RUNTIME = ("compiler.compile", "compiler.schema", "compiler.lower", "compiler.names", "compiler.sql")
# Library -> the modules (or packages) that may use it.
ONLY_IN = {
    "duckdb": tuple(
        f"runtime/{name}.py"
        for name in ("attached_files", "relational", "step_databases", "stopping", "store", "store_findings")
    ),
    "torch": ("runtime/",),
    "transformers": ("runtime/",),
    "peft": ("runtime/",),
    "textual": ("tui/",),
    "textual_serve": ("tui/serving.py",),
    "aiohttp": ("tui/serving.py",),
    "lark": ("spec_lang/",),
    "pygls": ("sft/lsp/", "sft/commands/lsp_command.py"),
    "lsprotocol": ("sft/lsp/",),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Before Python 3.11.8 a tree that is made while another one is being made is a SystemError, and what the collector
    takes down makes some: traceback does, for what a task that nobody awaited has raised."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))
    finally:
        if collects:
            gc.enable()


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(node: ast.AST, *, typing_too: bool) -> Iterator[str]:
    """Dotted names that a piece of code imports; ``from a import b`` gives ``a.b``, which covers both readings."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child) and not typing_too:
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports(child, typing_too=typing_too)


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 40
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package: str) -> None:
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == package
        for name in imports(tree_of(path), typing_too=True)
        if name.split(".")[0] in PACKAGES
        and name.split(".")[0] != package
        and not any(within(name, allowed) for allowed in ALLOWED[package])
    ]
    assert not wrong


def test_the_runtime_takes_plans_and_not_specs() -> None:
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == "runtime"
        for name in imports(tree_of(path), typing_too=True)
        if any(within(name, banned) for banned in NOT_FOR_RUNTIME)
    ]
    assert not wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_used_in_its_place_only(library: str) -> None:
    wrong = [
        name_of(path)
        for path in MODULES
        for name in imports(tree_of(path), typing_too=False)
        if within(name, library) and not name_of(path).startswith(ONLY_IN[library])
    ]
    assert not wrong


def test_nothing_is_unpickled_or_evaluated() -> None:
    banned_modules = ("pickle", "dill", "shelve", "marshal", "joblib")
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        for name in imports(tree_of(path), typing_too=False)
        if any(within(name, banned) for banned in banned_modules)
    ]
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            named = {"exec"} if isinstance(node, ast.Name) else {"eval", "exec"}  # evals are called `eval` all over
            found = node.func if isinstance(node, ast.Call) else node
            if isinstance(found, ast.Name) and found.id in named and name_of(path) != RUNS_CODE:
                wrong.append(f"{name_of(path)}:{node.lineno} has {found.id}")
    assert not wrong


def test_nothing_imports_the_program_that_runs_model_written_code() -> None:
    module = RUNS_CODE.removesuffix(".py").replace("/", ".")
    assert (ROOT / RUNS_CODE).exists()
    assert [
        name_of(p) for p in MODULES if any(within(name, module) for name in imports(tree_of(p), typing_too=True))
    ] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES, f"split it: {text.count(chr(10))} lines"
    if text.strip():
        assert ast.get_docstring(tree_of(path)), "every module opens with what it is, why this way, what it costs"


@pytest.mark.parametrize("statement", ["import sft", "import sft.cli; sft.cli.build_parser()"])
def test_the_command_line_starts_without_anything_heavy(statement: str) -> None:
    heavy = (
        "{'torch', 'transformers', 'peft', 'textual', 'duckdb', 'numpy', 'scipy', 'pandas', 'lark', 'pydantic', 'rich',"
        " 'compiler', 'runtime', 'tui'}"
    )
    code = f"import sys; {statement}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def used_codes() -> dict[str, str]:
    """Code -> a module that names it."""
    return {code: name_of(path) for path in MODULES for code in CODE.findall(path.read_text(encoding="utf-8"))}


def code_pages() -> dict[str, Path]:
    return {path.name[:7]: path for path in (ROOT / "spec_lang" / "codes").glob("SFT*.md")}


def test_every_diagnostic_code_has_its_page_and_every_page_its_code() -> None:
    used, pages = used_codes(), code_pages()
    examples_in_docstrings = {"SFT0204"} - set(pages)
    missing = {code: place for code, place in used.items() if code not in pages and code not in examples_in_docstrings}
    assert not missing, "codes without a page in spec_lang/codes"
    assert not sorted(set(pages) - set(used)), "pages of codes that nothing reports"


@pytest.mark.parametrize("page", sorted(code_pages().values()), ids=lambda path: path.stem)
def test_a_code_page_has_its_title_and_says_something(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code, _, name = page.stem.partition("-")
    assert text.startswith(f"# {code} {name}\n")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(text.split()) >= 15
