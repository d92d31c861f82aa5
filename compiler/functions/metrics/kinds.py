"""What a metric declares of itself: its arguments, its unit, which way is better, what kind of answer it is of."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from compiler.world import ColumnType

MetricUnit: TypeAlias = Literal["share", "plain"]
# An answer is the text that a model wrote, or what it thinks of options that it was given; of an expected answer there
# is its likelihood, and of a text the divergence from another model on it.
AnswerKind: TypeAlias = Literal["text", "options", "likelihood", "divergence"]
ArgumentKind: TypeAlias = Literal[
    "text",
    "word",
    "number",
    "share",
    "count",
    "seconds",
    "bool",
    "consent",
    "regex",
    "texts",
    "schema",
    "column",
    "model",
    "opponent",
    "judge",
    "pairwise",
    "label",
]
WrittenValue: TypeAlias = bool | int | str | None  # as in the parameters of a step: a number with a point is a text


class MetricArgument(Struct, frozen=True, eq=False):
    """An argument of a metric. All but a column are written out.

    ``kind``: any ``text``; a ``word`` of ``choices``; a ``number`` or a ``share`` (from ``least`` to ``most``, given on
    as the text of a decimal); a ``count``, which is a whole number; whole ``seconds``, written ``5s``; ``bool``; a
    ``consent``, which has to be ``true``; a ``regex`` in RE2's syntax; a list of ``texts`` (given on as JSON); the path
    of a JSON ``schema`` (given on as its content); a ``column`` of the data, or any expression over its columns with a
    result of one of ``types``; the name of a ``model``, of an ``opponent`` (a model or a loop), of a ``judge`` or of
    one that compares, ``pairwise``; a comparison with a judge's ``label`` (``refusals != complied``). ``optional``:
    without default, it may be left out.
    """

    name: str
    choices: tuple[str, ...] = ()
    default: WrittenValue = None
    kind: ArgumentKind = "text"
    optional: bool = False
    types: tuple[ColumnType, ...] = ("text",)
    least: Decimal = Decimal(0)
    most: Decimal | None = None

    @property
    def needed(self) -> bool:
        return self.default is None and not self.optional


class MetricFunction(Struct, frozen=True, eq=False):
    """A metric of the answers of an eval.

    ``unit``: ``share`` metrics are 0 or 1 an item. ``whole``: it is one number of all items (BLEU, macro F1), made of
    the sums of what is counted in each; the others are a number an item and their mean. ``answer``: what kind of answer
    it can be taken of. ``higher_is_better`` is None where neither way is better by itself, as with a length: then
    nothing can be asked to be no worse. ``tells_languages``: it asks the model of languages, whose hash becomes its
    argument ``languages``. ``compares``: it looks at the expected answer. ``at_k``: its argument ``k`` makes pass@k of
    the answers to an item. ``writes``: it is of the writing of a text, and says nothing of an option that was chosen.
    ``effort``: it is of what the answer took, which nobody knows of an answer that was made elsewhere.
    """

    name: str
    arguments: tuple[MetricArgument, ...]
    unit: MetricUnit
    doc: str
    higher_is_better: bool | None = True
    whole: bool = False
    answer: AnswerKind = "text"
    tells_languages: bool = False
    compares: bool = True
    at_k: bool = False
    writes: bool = False
    effort: bool = False

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(map(_shown, self.arguments))})"


def _shown(argument: MetricArgument) -> str:
    if argument.default is None:
        return f"{argument.name} = …" if argument.optional else argument.name
    default = str(argument.default).lower() if isinstance(argument.default, bool) else argument.default
    return f"{argument.name} = {default}"


# Further answers that count as right, beside the one that the template expects.
ANSWERS = MetricArgument("answers", kind="column", optional=True, types=("list",))
