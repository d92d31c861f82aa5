"""Arguments of functions that are written out: lists of texts, scripts, codes of languages, names of models.

Lists may lie in a file, one entry a line; its entries become part of the rule and so of the step's hash, and the run
reads no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from compiler.column_scope import ColumnScope
from compiler.functions import Function, Parameter
from compiler.functions.languages import LANGUAGES, NAMES_OF_LANGUAGES
from compiler.functions.word_lists import words_of
from compiler.paths import rebased
from compiler.re2_names import UNICODE, meant
from compiler.reporting import suggestion, written_anew
from compiler.typed import Apply, Constant, Typed
from compiler.world import Problem
from spec_lang.ast import Call, Expr, Faulty, ListLit, Ref, StringLit
from spec_lang.literals import quote
from spec_lang.source import Span

FROM_FILE = "words_from"
_NO_SCRIPTS = ("Any", "Common", "Inherited")
SCRIPTS = frozenset(name for name in UNICODE if len(name) > 2 or name == "Yi") - {*_NO_SCRIPTS}


def _texts(parameter: Parameter, expr: Expr, function: Function, scope: ColumnScope) -> Constant | None:
    """``["a", "b"]`` or ``words_from("list.txt")``; None after a report."""
    if isinstance(expr, Call) and expr.func.text == FROM_FILE:
        found = _from_file(expr, scope)
    elif isinstance(expr, ListLit):
        found = _listed(expr, function, scope)
    else:
        such = f'for example `{function.name}(text, ["a", "b"])`, or `{FROM_FILE}("list.txt")` with an entry a line'
        message = f"`{parameter.name}` of `{function.name}` is a list of texts, written out"
        scope.report.error("SFT0303", message, expr.span, such)
        return None
    if found is None:
        return None
    if not found:
        scope.report.error("SFT0313", "this list has no entry, so nothing is looked for", expr.span)
        return None
    if len(found) > parameter.most:
        message = f"this list has {len(found):,} entries, and `{function.name}` takes {parameter.most:,} at most"
        scope.report.error("SFT0313", message, expr.span)
        return None
    entry = next((item for item in found if not _can_be_found(item, function)), None)
    if entry is not None:
        message = (
            f"{quote(entry)} has no letter or digit, so it is no word" if entry else "an empty entry is everywhere"
        )
        help = "`contains_any` finds any characters" if entry else None
        scope.report.error("SFT0313", message, found[entry], help)
        return None
    import json

    return Constant(json.dumps(list(found), ensure_ascii=False), "list", expr.span)


def _can_be_found(entry: str, function: Function) -> bool:
    return entry != "" if function.name == "contains_any" else any(words_of(entry))


def _listed(expr: ListLit, function: Function, scope: ColumnScope) -> Mapping[str, Span] | None:
    wrong = next((item for item in expr.items if not isinstance(item, StringLit)), None)
    if wrong is None:
        return {item.value: item.span for item in expr.items if isinstance(item, StringLit)}
    if not isinstance(wrong, Faulty):
        message = f"`{function.name}` looks for texts that are written out"
        scope.report.error("SFT0303", message, wrong.span, 'such as `["a", "b"]`')
    return None


def _from_file(expr: Call, scope: ColumnScope) -> Mapping[str, Span] | None:
    """The lines of a file beside the spec, without white space at their ends; blank ones and those that begin with
    ``#`` are no entries."""
    arguments = [arg.value for arg in expr.args]
    if len(arguments) != 1 or not isinstance(arguments[0], StringLit):
        message = f"`{FROM_FILE}` takes the path of a text file, as a string"
        scope.report.error("SFT0304", message, expr.span, f'for example `{FROM_FILE}("list.txt")`')
        return None
    if scope.names is None or scope.names.world is None:
        scope.report.error("SFT0312", "no file is read here", expr.span, "write the list out")
        return None
    text = scope.names.world.read_text(rebased(arguments[0].value, scope.report.file))
    if isinstance(text, Problem):
        scope.report.error("SFT0313", text.message, arguments[0].span, text.help)
        return None
    lines = (line.strip() for line in text.split("\n"))
    return {line: expr.span for line in lines if line and not line.startswith("#")}


def _script(_: Parameter, expr: Expr, function: Function, scope: ColumnScope) -> Constant | None:
    """The name of a script of Unicode."""
    if not isinstance(expr, StringLit):
        scope.report.error(
            "SFT0303", "a script is written out", expr.span, f'for example `{function.name}(text, "Han")`'
        )
        return None
    if expr.value in SCRIPTS:
        return Constant(expr.value, "text", expr.span)
    other = meant(expr.value)
    known = other if other in SCRIPTS else None
    help = f"write `{quote(known)}`" if known else suggestion(expr.value, sorted(SCRIPTS), "scripts")
    fix = written_anew(expr.span, quote(known) if known else None)
    scope.report.error("SFT0304", f"Unicode has no script `{expr.value}`", expr.span, help, fix=fix)
    return None


def _language(_: Parameter, expr: Expr, function: Function, scope: ColumnScope) -> Constant | None:
    """The code of a language that can be told."""
    if not isinstance(expr, StringLit):
        message = "a language is written out, as its code"
        scope.report.error("SFT0303", message, expr.span, f'for example `{function.name}(text, "en")`')
        return None
    return Constant(expr.value, "text", expr.span) if is_language(expr, scope) else None


def is_language(expr: StringLit, scope: ColumnScope) -> bool:
    """Whether a text is a code that ``language`` gives; False after a report."""
    if expr.value in LANGUAGES:
        return True
    meant_as = NAMES_OF_LANGUAGES.get(expr.value.lower()) or expr.value.lower().replace("_", "-").split("-")[0]
    known = meant_as if meant_as in LANGUAGES else None
    help = f"write `{quote(known)}`" if known else "codes are those of ISO 639-1 where there is one: `en`, `de`, `zh`"
    fix = written_anew(expr.span, quote(known) if known else None)
    scope.report.error("SFT0304", f"no language has the code `{expr.value}` here", expr.span, help, fix=fix)
    return False


def known_languages(value: Typed | None, beside: Iterable[Expr], scope: ColumnScope) -> bool:
    """Whether the texts that a language is compared with are codes of some; False after a report."""
    if not isinstance(value, Apply) or value.function.prepared != "language":
        return True
    known = [is_language(expr, scope) for expr in beside if isinstance(expr, StringLit)]  # each with its report
    return all(known)


def _model(_: Parameter, expr: Expr, function: Function, scope: ColumnScope) -> Constant | None:
    """The full name of a model or train."""
    if not isinstance(expr, Ref):
        help = f"for example `{function.name}(text, model = base)`"
        scope.report.error("SFT0303", f"`{function.name}` takes the name of a model or train", expr.span, help)
        return None
    if scope.names is None or not scope.prepares:
        help = "models are named in the conditions of filters and in slices"
        scope.report.error("SFT0312", "no model can be named here", expr.span, help)
        return None
    if not scope.names.stands(expr, ("model", "train"), function.name):
        return None
    return Constant(scope.names.full(expr), "text", expr.span)


WRITTEN: Mapping[str, Callable[[Parameter, Expr, Function, ColumnScope], Constant | None]] = {
    "texts": _texts,
    "script": _script,
    "language": _language,
    "model": _model,
}
