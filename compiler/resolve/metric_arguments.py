"""Arguments of a metric as the spec writes them, one reader a kind.

What is written out becomes a plain value of the measure step's parameters, and so part of its hash. A column stays an
expression over the rows of the data, which the step computes for each item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from compiler.column_scope import ColumnScope, conversion
from compiler.expression_calls import pattern_of
from compiler.expression_types import check
from compiler.functions import MetricArgument
from compiler.functions.metrics import WrittenValue
from compiler.hashing import decimal_text
from compiler.names import Names
from compiler.reporting import suggestion
from compiler.resolve.json_schema import read_schema
from compiler.resolve.label import read_label
from compiler.schema.judge import Judge
from compiler.schema.written import constant, described, written
from compiler.typed import Typed
from spec_lang.ast import BoolLit, Expr, Faulty, ListLit, Ref, StringLit
from spec_lang.printer import expression_text
from spec_lang.quantities import Unit
from spec_lang.source import Span

_CODE = "SFT0614"


class Around(Struct, frozen=True, eq=False):
    """What an argument is read with. ``columns`` is None where no row of data is at hand."""

    names: Names
    judges: Mapping[str, Judge]
    columns: ColumnScope | None

    def wrong(self, argument: MetricArgument, takes: str, value: Expr, help: str | None = None) -> None:
        message = f"`{argument.name}` takes {takes}, not {described(value)}"
        self.names.report.error(_CODE, message, value.span, help)


Reader: TypeAlias = Callable[[MetricArgument, Expr, Around], WrittenValue | Typed]


def read_argument(argument: MetricArgument, value: Expr, around: Around) -> WrittenValue | Typed:
    """The value of an argument: an expression for a column, otherwise what goes into the step. None after a report."""
    return None if isinstance(value, Faulty) else _READERS[argument.kind](argument, value, around)


def _text(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    if isinstance(value, StringLit) and value.value:
        return value.value
    around.wrong(argument, "a string with something in it" if isinstance(value, StringLit) else "a string", value)
    return None


def _word(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    word = value.text if isinstance(value, Ref) else value.value if isinstance(value, StringLit) else None
    if word in argument.choices:
        return word
    allowed = ", ".join(f"`{choice}`" for choice in argument.choices)
    report = around.names.report
    report.error(_CODE, f"`{argument.name}` is one of {allowed}", value.span, _near(word, argument.choices))
    return None


def _near(word: str | None, choices: tuple[str, ...]) -> str | None:
    help = suggestion(word, choices, "words") if word else None
    return help if help is not None and help.startswith("did you mean") else None


def _number(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    number = constant(value)
    if number is None or number[1] is not None:
        around.wrong(argument, "a plain number", value)
        return None
    return decimal_text(number[0]) if _within(argument, value, around) else None


def _share(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    number = constant(value)
    if number is None or number[1] is not Unit.SHARE:
        around.wrong(argument, "a share such as `1%`", value)
        return None
    return decimal_text(number[0]) if _within(argument, value, around) else None


def _count(argument: MetricArgument, value: Expr, around: Around) -> int | None:
    number = constant(value)
    if number is None or number[1] is not None or number[0] != int(number[0]):
        around.wrong(argument, "a whole number", value)
        return None
    return int(number[0]) if _within(argument, value, around) else None


def _seconds(argument: MetricArgument, value: Expr, around: Around) -> int | None:
    number = constant(value)
    if number is None or number[1] is not Unit.DURATION or number[0] % 1:
        around.wrong(argument, "whole seconds, such as `5s`", value)
        return None
    return int(number[0]) if _within(argument, value, around) else None


def _consent(argument: MetricArgument, value: Expr, around: Around) -> bool | None:
    if isinstance(value, BoolLit) and value.value:
        return True
    if isinstance(value, BoolLit):
        no_consent(argument, value.span, around)
    else:
        around.wrong(argument, "`true`", value)
    return None


def no_consent(argument: MetricArgument, span: Span, around: Around) -> None:
    """Report that something is not done unless the spec says in plain words that it may."""
    help = f"if that is meant, write `{argument.name} = true`; docs/code-execution.md says what confines it"
    around.names.report.error("SFT0621", "this metric runs code that the model wrote, on this machine", span, help)


def _within(argument: MetricArgument, value: Expr, around: Around) -> bool:
    read = constant(value)
    assert read is not None
    number, unit = read
    if number >= argument.least and (argument.most is None or number <= argument.most):
        return True
    least = written(argument.least, unit)
    limits = f"at least {least}" if argument.most is None else f"from {least} to {written(argument.most, unit)}"
    message = f"`{argument.name}` is {limits}, and this is {written(number, unit)}"
    around.names.report.error(_CODE, message, value.span)
    return False


def _bool(argument: MetricArgument, value: Expr, around: Around) -> bool | None:
    if isinstance(value, BoolLit):
        return value.value
    around.wrong(argument, "`true` or `false`", value)
    return None


def _texts(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    """A list of texts as JSON."""
    if not isinstance(value, ListLit):
        around.wrong(argument, "a list of strings", value, f'such as `{argument.name} = ["yes", "no"]`')
        return None
    texts = [item.value for item in value.items if isinstance(item, StringLit)]
    for item in value.items:
        if not isinstance(item, StringLit | Faulty):
            around.wrong(argument, "strings", item, 'such as `["yes", "no"]`')
            return None
    if len(texts) < len(value.items):
        return None
    if not texts:
        around.names.report.error(_CODE, f"`{argument.name}` is an empty list", value.span)
        return None
    twice = next((item for place, item in enumerate(value.items) if item in value.items[:place]), None)
    if twice is not None:
        message = f"{expression_text(twice)} stands twice in `{argument.name}`"
        around.names.report.error(_CODE, message, twice.span)
        return None
    import json

    return json.dumps(texts, ensure_ascii=False)


def _regex(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    return pattern_of(value, around.names.report)


def _schema(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    if not isinstance(value, StringLit):
        around.wrong(argument, "the path of a JSON Schema, as a string", value)
        return None
    return read_schema(value, around.names)


def _column(argument: MetricArgument, value: Expr, around: Around) -> Typed | None:
    """A column of the data, or an expression over its columns."""
    if around.columns is None:
        message = f"`{argument.name}` is a column of an eval's data, and there is none here"
        around.names.report.error(_CODE, message, value.span)
        return None
    typed = check(value, around.columns)
    if typed is None or typed.type in argument.types:
        return typed
    message = f"`{argument.name}` takes {' or '.join(argument.types)}, and this is {typed.type}"
    around.names.report.error("SFT0303", message, value.span, conversion(typed.type, argument.types[0]))
    return None


def _model(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    return _name(argument, value, ("model", "train"), around)


def _opponent(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    return _name(argument, value, ("model", "train", "loop"), around)


def _judge(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    """A judge of one answer, or for ``pairwise`` of two."""
    name = _name(argument, value, ("judge",), around)
    judge = around.judges.get(name or "")
    pairwise = argument.kind == "pairwise"
    if judge is None or judge.pairwise.given == pairwise:
        return name
    what = "compares two answers" if judge.pairwise.given else "reads one answer"
    help = f"write `win_rate({judge.name}, MODEL)`" if judge.pairwise.given else "give it `pairwise = ties`"
    also = [judge.label(judge.pairwise.span if judge.pairwise.given else judge.head, "declared here")]
    around.names.report.error(_CODE, f"judge `{judge.name}` {what}", value.span, help, also)
    return None


def _name(argument: MetricArgument, value: Expr, kinds: tuple[str, ...], around: Around) -> str | None:
    if not isinstance(value, Ref):
        around.wrong(argument, "a name", value)
        return None
    return around.names.full(value) if around.names.stands(value, kinds, argument.name) else None


def _label(argument: MetricArgument, value: Expr, around: Around) -> str | None:
    found = read_label(value, f"`{argument.name}`", around.names, around.judges, _CODE)
    if found is None:
        return None
    import json

    return json.dumps([found.judge, *found.labels], ensure_ascii=False)


_READERS: Mapping[str, Reader] = {
    "text": _text,
    "word": _word,
    "number": _number,
    "share": _share,
    "count": _count,
    "seconds": _seconds,
    "bool": _bool,
    "consent": _consent,
    "texts": _texts,
    "regex": _regex,
    "schema": _schema,
    "column": _column,
    "model": _model,
    "opponent": _opponent,
    "judge": _judge,
    "pairwise": _judge,
    "label": _label,
}
