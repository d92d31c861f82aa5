"""Functions of the user's own: their signatures, read from the text of a Python file that is never run here.

``check``, ``plan``, ``compile`` and the editor may look at a spec of a stranger, so nothing of an extension is executed
before ``sft run``. What a function takes and gives is in its annotations, which the syntax tree tells. A call becomes a
call of an SQL function of the same name, with the row's id in front, so that a failure can name the row.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from compiler.functions import FUNCTIONS, Function, Parameter
from compiler.hashing import hash_text
from compiler.paths import rebased
from compiler.reporting import UNREAD, Reporter
from compiler.schema.extension import Extension
from compiler.schema.scorers import SCORERS
from compiler.schema.values import not_runnable
from compiler.world import ColumnType, Problem, World

SQL_PREFIX = "__ext_"  # no column is called so, since `__` is reserved
ROW_ID = '"__row_id"'
_KINDS: Mapping[str, ColumnType] = {"scorer": "number", "filter": "bool"}
LATER_DECORATORS = {
    "metric": "the step that takes metrics of the user's own",
    "verifier": "the step that generates rows",
}
_TYPES: Mapping[str, ColumnType] = {
    "str": "text", "float": "number", "int": "number", "bool": "bool", "list[str]": "list", "list": "list"
}  # fmt: skip
_SHOWN = "`str`, `float`, `int`, `bool` and `list[str]`, each with `| None` where a value may be missing"


class ExtensionFile(Struct, frozen=True, eq=False):
    """``path`` or ``package`` as a run finds it; ``hash`` is that of the text."""

    name: str
    path: str | None
    package: str | None
    hash: str


class ExtensionFunction(Function, frozen=True, eq=False):
    """A function of the user's. ``of`` is the file; ``optional`` tells which parameters may be None."""

    of: ExtensionFile | None = None
    optional: tuple[bool, ...] = ()
    python: tuple[str, ...] = ()  # annotations of the parameters, without None


class _Wrong(Exception):
    """A signature that cannot be taken; the message names the line."""


def load_extensions(blocks: Iterable[Extension], world: World, report_of: Mapping[str, Reporter]) -> None:
    """Put the functions of each file's extensions where its expressions look for them."""
    for block in blocks:
        report = report_of[block.file.path]
        place = block.path if block.path.given else block.package
        own = report.functions_of.setdefault(block.file.path, {})
        if not isinstance(place.value, str) or (block.path.given and block.package.given):
            own[UNREAD] = None
            if block.path.given and block.package.given:
                help = "a file or a package: declare two extensions for both"
                report.error("SFT0225", "`package` is not allowed with `path`", block.package.span, help)
            continue
        path = rebased(place.value, block.file) if block.path.given else None
        text = world.extension(path, None if path is not None else place.value)
        if isinstance(text, Problem):
            report.error(text.code, text.message, place.span, text.help)
            own[UNREAD] = None
            continue
        file = ExtensionFile(block.name, path, None if path is not None else place.value, hash_text(text))
        faults = len(report.sink.items)
        _declare(file, text, block, report, own)
        if len(report.sink.items) > faults:
            own.setdefault(UNREAD, None)


def _declare(
    file: ExtensionFile, text: str, block: Extension, report: Reporter, own: dict[str, Function | None]
) -> None:
    span = (block.path if block.path.given else block.package).span
    shown = file.path or file.package or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        report.error("SFT0266", f"`{shown}`{line}: this is no Python: {getattr(error, 'msg', error)}", span)
        return
    found = 0
    for node, kind in _registered(tree):
        found += 1
        if kind in LATER_DECORATORS:
            at = block.path if file.path else block.package
            not_runnable(f"`@sft.{kind}` of `{node.name}` in `{shown}`", at, report, LATER_DECORATORS[kind])
            continue
        try:
            function = _function(node, kind, file)
        except _Wrong as wrong:
            help = f"types are {_SHOWN}"
            report.error("SFT0266", f"`{shown}`, line {node.lineno}: `{node.name}` {wrong}", span, help)
            continue
        taken = "a function of the language" if node.name in FUNCTIONS or node.name in SCORERS else ""
        if node.name in own:
            other = own[node.name]
            taken = (
                "declared twice" if isinstance(other, ExtensionFunction) and other.of is file else "of two extensions"
            )
        if taken:
            message = f"`{shown}`, line {node.lineno}: `{node.name}` is {taken}"
            report.error("SFT0267", message, span, "give the function another name")
            continue
        own[node.name] = function
    if not found:
        help = "put `@sft.scorer` or `@sft.filter` before a function, after `import sft`"
        report.error("SFT0267", f"`{shown}` registers no function", span, help)


def _registered(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Functions at the top of the file with a decorator of ``sft``, however that was imported."""
    modules, names = set[str](), dict[str, str]()
    for node in tree.body:
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "sft"}
        elif isinstance(node, ast.ImportFrom) and node.module == "sft" and not node.level:
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for mark in node.decorator_list:
            kind = names.get(mark.id) if isinstance(mark, ast.Name) else None
            if isinstance(mark, ast.Attribute) and isinstance(mark.value, ast.Name) and mark.value.id in modules:
                kind = mark.attr
            if kind is not None and kind in {**_KINDS, **LATER_DECORATORS}:
                yield node, kind
                break


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, kind: str, file: ExtensionFile) -> ExtensionFunction:
    """Raises _Wrong."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise _Wrong("is asynchronous")
    given = node.args
    if given.vararg or given.kwarg or given.kwonlyargs or given.defaults:
        raise _Wrong("takes more than plain parameters without defaults")
    parameters, optional, python = [], [], []
    for argument in (*given.posonlyargs, *given.args):
        name, may_miss = _annotation(argument.annotation, f"parameter `{argument.arg}`")
        parameters.append(Parameter(argument.arg, (_TYPES[name],)))
        optional.append(may_miss)
        python.append(name)
    if not parameters:
        raise _Wrong("takes no value of the row")
    result, _ = _annotation(node.returns, "result")
    wanted = _KINDS[kind]
    if _TYPES[result] != wanted:
        raise _Wrong(f"is a {kind}, which gives {wanted}, and its result is `{result}`")
    slots = ", ".join(f"{{{place}}}" for place in range(len(parameters)))
    doc = (ast.get_docstring(node) or "").partition("\n")[0] or f"of the extension `{file.name}`"
    sql = f'"{SQL_PREFIX}{node.name}"({ROW_ID}, {slots})'
    return ExtensionFunction(
        node.name, tuple(parameters), wanted, doc, sql, ("", None),
        of=file, optional=tuple(optional), python=tuple(python),
    )  # fmt: skip


def _annotation(node: ast.expr | None, what: str) -> tuple[str, bool]:
    """The type's name, and whether None is allowed. Raises _Wrong."""
    if node is None:
        raise _Wrong(f"says nothing of the type of its {what}")
    parts = [part.strip() for part in ast.unparse(node).strip("'\"").split("|")]
    named = [part for part in parts if part != "None"]
    if len(named) != 1 or named[0] not in _TYPES:
        raise _Wrong(f"has a {what} of the type `{ast.unparse(node)}`")
    return named[0], len(parts) > 1
