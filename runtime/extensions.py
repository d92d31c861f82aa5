"""Functions of the user's in the relational engine: loaded from the file that was hashed, called once a row.

They run in this process, as the user. An exception becomes a finding that names the row and the line of the file; a
result of another type than was declared is a finding too. A row without a value for a parameter is not passed to the
function, unless the parameter takes None: its result is null, as of every function. A call costs some 5 µs beside the
function itself (a million rows, November 2026).
"""

from __future__ import annotations

import inspect
import math
import numbers
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

from compiler.hashing import hash_text
from compiler.world import Problem
from runtime.context import StepContext
from runtime.extension_files import find_extension
from runtime.relational import Engine
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line, visible

_PREFIX = "__ext_"  # as the compiler writes calls
_SQL_TYPES = {"text": "VARCHAR", "number": "DOUBLE", "bool": "BOOLEAN", "list": "VARCHAR[]"}
_PYTHON = {"number": "number", "bool": "truth value"}


def add_extensions(ctx: StepContext, db: Engine) -> None:
    """Make the functions that the step calls known to the engine.

    Raises DiagnosticError SFT0437 (the file changed, or cannot be loaded). While SQL runs, the engine raises SFT0432 (a
    function failed on a row) and SFT0433 (it gave something of another type).
    """
    for index, extension in enumerate(ctx.step.local.get("extensions", ())):
        module = load_extension(ctx, extension, ctx.step.content[f"extension.{index}"])
        for declared in extension["functions"]:
            function = function_of(module, declared["name"])
            types = ["VARCHAR", *(_SQL_TYPES[kind] for kind in declared["parameters"])]
            call = _caller(ctx, db, function, declared, Path(module.__file__ or ""))
            db.add_function(_PREFIX + declared["name"], call, types, _SQL_TYPES[declared["result"]])


def load_extension(ctx: StepContext, extension: Mapping[str, Any], wanted: str) -> ModuleType:
    """The module of a file with the hash ``wanted``, run once. Raises DiagnosticError SFT0437."""
    found = find_extension(ctx.spec_dir, extension["path"], extension["package"])
    if isinstance(found, Problem):
        raise fatal("SFT0437", found.message, found.help)
    shown = extension["path"] or extension["package"]
    try:
        text = found.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise fatal("SFT0437", f"`{shown}` can no longer be read: {error}") from error
    if hash_text(text) != wanted:
        raise fatal("SFT0437", f"`{shown}` was changed while the run was on", "run the command again")
    name = f"sft_extension_{wanted[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = ModuleSpec(name, _Text(text, str(found)), origin=str(found))
    spec.has_location = True
    module = sys.modules[name] = module_from_spec(spec)  # before it runs: dataclasses look their module up there
    try:
        with _apart(found.parent if extension["path"] else None):
            _Text(text, str(found)).exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        message = f"`{shown}` cannot be loaded: {_told(error, found)}"
        help = "what it imports has to be installed: files beside it are not part of its hash, and not found"
        raise fatal("SFT0437", message, help if isinstance(error, ImportError) else None) from error
    return module


def function_of(module: ModuleType, name: str) -> Callable[..., Any]:
    """Raises DiagnosticError SFT0437."""
    function = getattr(module, name, None)
    if not callable(function):
        raise fatal("SFT0437", f"`{module.__file__}` has no function `{name}` once it is loaded")
    return cast(Callable[..., Any], function)


class _Text(InspectLoader):
    """Loads a module from a text that was read before, so that what runs is what was hashed."""

    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path

    def get_source(self, fullname: str) -> str:
        return self.text

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.text, self.path)


@contextmanager
def _apart(folder: Path | None) -> Iterator[None]:
    """Without a folder on the import path, where ``python -m`` puts it: what lies there is in nobody's hash."""
    before = list(sys.path)
    if folder is not None:
        sys.path[:] = [entry for entry in before if Path(entry).resolve() != folder.resolve()]
    try:
        yield
    finally:
        sys.path[:] = before


def _caller(
    ctx: StepContext, db: Engine, function: Callable[..., Any], declared: Mapping[str, Any], file: Path
) -> Callable[..., Any]:
    """What the engine calls with the row's id and the values."""
    name, result = declared["name"], declared["result"]
    whole = [kind == "int" for kind in declared["python"]]
    needed = [not may_miss for may_miss in declared["optional"]]

    def call(row: str, *values: Any) -> Any:
        if any(value is None and must for value, must in zip(values, needed, strict=True)):
            return None
        given = [int(v) if v is not None and i and v.is_integer() else v for v, i in zip(values, whole, strict=True)]
        try:
            return said_of(ctx, row, name, result, file, partial(function, *given))
        except Failed as failed:
            db.failures.append(failed.finding)
            raise

    kinds = [inspect.Parameter(f"p{place}", inspect.Parameter.POSITIONAL_ONLY) for place in range(1 + len(needed))]
    call.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
    return call


class Failed(Exception):
    """A function of the user's failed on a row. ``finding`` tells of it, which may have to look into the store."""

    def __init__(self, finding: Callable[[], DiagnosticError]) -> None:
        super().__init__("a function of an extension failed")
        self.finding = finding


def said_of(ctx: StepContext, row: str, name: str, result: str, file: Path, call: Callable[[], Any]) -> Any:
    """What a function says of a row: a truth value, a finite number, or None. Raises Failed, which tells SFT0432 (it
    raised) or SFT0433 (it gave something else than ``result``)."""
    try:
        said = call()
    except Exception as error:
        told = _told(error, file)
        raise Failed(lambda: fatal("SFT0432", f"`{name}` failed on {_where(ctx, row)}: {told}")) from error
    if said is None:
        return None
    if result == "bool" and _is_truth(said):
        return bool(said)
    shown, help = f"a value of the type `{type(said).__name__}`", None
    if result == "number" and isinstance(said, numbers.Real) and not isinstance(said, bool):
        number = _as_float(said)
        if math.isfinite(number):
            return number
        shown, help = str(number), "where there is no value, return None"
    message = f"`{name}` gave {shown} and not a {_PYTHON[result]} for"
    raise Failed(lambda: fatal("SFT0433", f"{message} {_where(ctx, row)}", help))


def _is_truth(said: Any) -> bool:
    """A bool of Python or of numpy, which whoever made one has imported already."""
    numpy = sys.modules.get("numpy")
    return isinstance(said, bool) or (numpy is not None and isinstance(said, numpy.bool_))


def _as_float(said: Any) -> float:
    try:
        return float(said)
    except OverflowError:  # an int with more than 308 digits
        return math.inf if said > 0 else -math.inf


def _told(error: BaseException, file: Path) -> str:
    """The error in one line, with the last line of the extension's file that led to it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    at = f"{file.name}:{lines[-1]}: " if lines else ""
    return f"{at}{type(error).__name__}: {visible(one_line(str(error), 200))}"


def _where(ctx: StepContext, row: str) -> str:
    """``tickets.jsonl:12``, or the row's id where the store does not have it."""
    try:
        found = ctx.store.query("SELECT file, line FROM examples WHERE row_id = ? LIMIT 1", [row])
    except DiagnosticError:
        found = []
    return f"row {row[:12]} ({found[0][0]}:{found[0][1]})" if found else f"row {row[:12]}"
