"""Functions of the user's own: their signatures, read from the text of a Python file that is never run here.

``check``, ``plan``, ``compile`` and the editor may look at a spec of a stranger, so nothing of an extension is executed
before ``sft run``. What a function takes and gives is in its annotations, which the syntax tree tells. A call becomes a
call of an SQL function of the same name, with the row's id in front, so that a failure can name the row.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from compiler.extension_metrics import ExtensionMetric, metric_of
from compiler.extension_types import SHOWN, TYPES, ExtensionFile, Wrong, annotation
from compiler.functions import FUNCTIONS, LATER_METRICS, METRIC_FUNCTIONS, Function, MetricFunction, Parameter
from compiler.hashing import hash_text
from compiler.paths import rebased
from compiler.reporting import UNREAD, Reporter
from compiler.schema.extension import Extension
from compiler.schema.scorers import SCORERS
from compiler.world import ColumnType, Problem, World

SQL_PREFIX = "__ext_"  # no column is called so, since `__` is reserved
ROW_ID = '"__row_id"'
_KINDS: Mapping[str, ColumnType] = {"scorer": "number", "filter": "bool"}
_METRICS = ("metric", "verifier")  # of an answer; a verifier is one that is true or false


class ExtensionFunction(Function, frozen=True, eq=False):
    """A function of the user's. ``of`` is the file; ``optional`` tells which parameters may be None."""

    of: ExtensionFile | None = None
    optional: tuple[bool, ...] = ()
    python: tuple[str, ...] = ()  # annotations of the parameters, without None


def load_extensions(blocks: Iterable[Extension], world: World, report_of: Mapping[str, Reporter]) -> None:
    """Put the functions of each file's extensions where its expressions look for them."""
    for block in blocks:
        report = report_of[block.file.path]
        place = block.path if block.path.given else block.package
        own = report.functions_of.setdefault(block.file.path, {})
        metrics = report.metrics_of.setdefault(block.file.path, {})
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
        _declare(file, text, block, report, own, metrics)
        if len(report.sink.items) > faults:
            own.setdefault(UNREAD, None)


def _declare(
    file: ExtensionFile,
    text: str,
    block: Extension,
    report: Reporter,
    own: dict[str, Function | None],
    metrics: dict[str, MetricFunction],
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
    for node, kind, mark in _registered(tree):
        found += 1
        try:
            made = metric_of(node, mark, file, kind) if kind in _METRICS else _function(node, kind, file)
        except Wrong as wrong:
            help = f"types are {SHOWN}"
            report.error("SFT0266", f"`{shown}`, line {node.lineno}: `{node.name}` {wrong}", span, help)
            continue
        taken = _taken(node.name, kind, file, own, metrics)
        if taken:
            message = f"`{shown}`, line {node.lineno}: `{node.name}` is {taken}"
            report.error("SFT0267", message, span, "give the function another name")
        elif isinstance(made, ExtensionMetric):
            metrics[node.name] = made
        else:
            own[node.name] = made
    if not found:
        help = (
            "put `@sft.scorer`, `@sft.filter`, `@sft.metric` or `@sft.verifier` before a function, after `import sft`"
        )
        report.error("SFT0267", f"`{shown}` registers no function", span, help)


def _taken(
    name: str, kind: str, file: ExtensionFile, own: Mapping[str, Function | None], metrics: Mapping[str, MetricFunction]
) -> str:
    """What else is called so; nothing where the name is free."""
    if kind in _METRICS and (name in METRIC_FUNCTIONS or name in LATER_METRICS):
        return "a metric of the language"
    if kind not in _METRICS and (name in FUNCTIONS or name in SCORERS):
        return "a function of the language"
    other = metrics.get(name) if kind in _METRICS else own.get(name)
    if other is None and name not in own:
        return ""
    same = isinstance(other, ExtensionFunction | ExtensionMetric) and other.of is file
    return "declared twice" if same else "of two extensions"


def _registered(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str, ast.expr]]:
    """Functions at the top of the file with a decorator of ``sft``, however that was imported; and the decorator."""
    modules, names = set[str](), dict[str, str]()
    for node in tree.body:
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "sft"}
        elif isinstance(node, ast.ImportFrom) and node.module == "sft" and not node.level:
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            mark = decorator.func if isinstance(decorator, ast.Call) else decorator
            kind = names.get(mark.id) if isinstance(mark, ast.Name) else None
            if isinstance(mark, ast.Attribute) and isinstance(mark.value, ast.Name) and mark.value.id in modules:
                kind = mark.attr
            if kind is not None and kind in {*_METRICS, *_KINDS}:
                yield node, kind, decorator
                break


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, kind: str, file: ExtensionFile) -> ExtensionFunction:
    """Raises Wrong."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise Wrong("is asynchronous")
    given = node.args
    if given.vararg or given.kwarg or given.kwonlyargs or given.defaults:
        raise Wrong("takes more than plain parameters without defaults")
    parameters, optional, python = [], [], []
    for argument in (*given.posonlyargs, *given.args):
        name, may_miss = annotation(argument.annotation, f"parameter `{argument.arg}`")
        parameters.append(Parameter(argument.arg, (TYPES[name],)))
        optional.append(may_miss)
        python.append(name)
    if not parameters:
        raise Wrong("takes no value of the row")
    result, _ = annotation(node.returns, "result")
    wanted = _KINDS[kind]
    if TYPES[result] != wanted:
        raise Wrong(f"is a {kind}, which gives {wanted}, and its result is `{result}`")
    slots = ", ".join(f"{{{place}}}" for place in range(len(parameters)))
    doc = (ast.get_docstring(node) or "").partition("\n")[0] or f"of the extension `{file.name}`"
    sql = f'"{SQL_PREFIX}{node.name}"({ROW_ID}, {slots})'
    return ExtensionFunction(
        node.name, tuple(parameters), wanted, doc, sql, ("", None),
        of=file, optional=tuple(optional), python=tuple(python),
    )  # fmt: skip
