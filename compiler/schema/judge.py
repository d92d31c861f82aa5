"""``judge``: labels that a rule, a model or a file gives to answers, or which of two answers is better; and what people
said, which it is measured against."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.eval import GreedyBody, SampleBody
from compiler.schema.fields import Entry, Shape, Value, field, named_rules, nested, others, required
from compiler.schema.tagged import OneOf
from compiler.schema.values import ListOf, Name, Text, Whole, Word, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, ListLit, NamedRule, Ref

USING = forms(
    CallForm("rules", (Argument("name", Text()),), "built-in rules, by name; they read no model", 'rules("refusal")'),
    CallForm(
        "model",
        (
            Argument("name", Name("the name of a model")),
            Argument("prompt", Name("the name of a template"), required=False),
        ),
        "a model that is asked about every answer, with words of our own or a template; only its last line counts",
        "model(served)",
    ),
    CallForm(
        "classifier",
        (Argument("name", Name("the name of a model")),),
        "a sequence classifier with a label of each name; the likeliest is the verdict, its probability the confidence",
        "classifier(detector)",
    ),
    CallForm(
        "recorded",
        (Argument("column", Name("the name of a column")),),
        "labels that stand in a column beside the answers; nothing is asked",
        "recorded(gpt4_label)",
    ),
)


class Texts(Struct, frozen=True, eq=False):
    """A text, or several in brackets."""

    expects: str = "a string, or a list of strings"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[str, ...] | None:
        if isinstance(expr, ListLit):
            return ListOf(Text()).read(expr, field, report)
        one = Text().read(expr, field, report)
        return None if one is None else (one,)


class Written(Shape):
    """How people wrote the labels of a judge, where they wrote something else."""

    labels: tuple[Entry[tuple[str, ...]], ...] = others(
        Texts(), "labels of the judge with what stands in the column of people"
    )


class Calibration(Shape):
    """The rows that people labelled, and the columns to compare by."""

    rows: Value[Ref | None] = required(
        Name("a source, a task's part or a review"), "answers with labels that people gave, held out of all training"
    )
    output: Value[Ref | None] = field(Name("the name of a column"), "the column with what is judged; `output`")
    prompt: Value[Ref | None] = field(Name("the name of a column"), "the column with what was asked")
    label_: Value[Ref | None] = field(
        Name("the name of a column"), "the column with the label of people; `label`, of a review its `final`"
    )
    written: Written | None = nested(Written, 'labels that people wrote otherwise: `complied = "1_full_compliance"`')
    chosen: Value[Ref | None] = field(
        Name("the name of a column"), "of pairs, the column with the answer that people preferred; `chosen`"
    )
    rejected: Value[Ref | None] = field(Name("the name of a column"), "the column with the other one; `rejected`")
    first: Value[Ref | None] = field(
        Name("the name of a column"),
        "of pairs with a label (`won`, `tie`, `lost`), the column of the answer that it is of",
    )
    second: Value[Ref | None] = field(Name("the name of a column"), "the column with the answer it was compared with")
    slices: tuple[NamedRule, ...] = named_rules("slice")


# What a gate can ask of a judge that is calibrated, with what it means.
FIGURES = {
    "agreement": "the share of judged answers that got the label that people gave",
    "kappa": "Cohen's kappa between the judge and people",
    "unjudged": "the share of answers that got no label",
    "flip_rate": "the share of answers whose label changed when they were asked about again; of pairs, when swapped",
    "pairwise_accuracy": "the share of pairs in which the judge prefers what people prefer; a tie counts half",
}
SHARES = frozenset(("agreement", "unjudged", "flip_rate", "pairwise_accuracy"))
OF_PAIRS = frozenset(("agreement", "unjudged", "flip_rate", "pairwise_accuracy"))  # what a pairwise judge has

_MOST_STEPS = Limits(minimum=Decimal(0), maximum=Decimal(100))


class Judge(Shape):
    labels: Value[tuple[Ref, ...]] = required(
        ListOf(Name("a label")),
        "what an answer can be called, worst first; at least two",
        stand_in=(),
        unless=("scale", "pairwise"),
    )
    scale: Value[tuple[int, ...] | None] = field(
        ListOf(Whole(_MOST_STEPS)), "instead of labels the lowest and the highest whole number, such as `[1, 5]`"
    )
    pairwise: Value[str | None] = field(
        Word(("ties", "forced")),
        "instead of labels: two answers to one prompt are compared, in both orders; `ties`: they may be called equal; "
        "`forced`: one has to be named",
    )
    using: Value[ReadCall | None] = required(
        CallOf(USING), "who judges: `rules(…)`, `model(…)`, `classifier(…)` or `recorded(…)`"
    )
    calibrate: Value[Ref | None] = field(
        Name("a source, a task or a review"), "answers with labels that people gave; agreement is measured on them"
    )
    calibrate_: Calibration | None = nested(Calibration, "the same with the columns to compare by")
    policy: Value[Ref | None] = field(Name("the name of a policy"), "the policy by whose rubric is judged")
    repeats: Value[int] = field(
        Whole(at_least(1)), "how often a model is asked about each answer; the commonest label counts", default=1
    )
    decode: Value[GreedyBody | SampleBody | None] = field(
        OneOf({"greedy": GreedyBody, "sample": SampleBody}),
        "how a model's verdict is decoded; greedy, 256 tokens",
    )
