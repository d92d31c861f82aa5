"""``eval``: models x templates on held-out rows, with metrics an item and slices of the items."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.fields import Shape, Value, field, named_rules, required
from compiler.schema.tagged import OneOf
from compiler.schema.values import Formula, ListOf, Name, Real, Text, Whole, Word, at_least
from compiler.schema.written import Limits, wrong_type
from spec_lang.ast import Expr, ListLit, NamedRule, Ref, StringLit, Tagged
from spec_lang.quantities import Unit

LATER = ("policy", "benign", "harmful", "guardrails")

_NEW_TOKENS = Whole(at_least(1), Unit.TOKENS, plain=True)


class GreedyBody(Shape):
    max_new_tokens: Value[int] = field(_NEW_TOKENS, "where an answer is cut off", default=256)


class SampleBody(Shape):
    max_new_tokens: Value[int] = field(_NEW_TOKENS, "where an answer is cut off", default=256)
    temperature: Value[Decimal] = field(Real(Limits(above=Decimal(0))), "flattens or sharpens", default=Decimal(1))
    top_p: Value[Decimal] = field(
        Real(Limits(above=Decimal(0), maximum=Decimal(1))), "smallest set of tokens with this mass", default=Decimal(1)
    )
    top_k: Value[int | None] = field(Whole(at_least(1)), "only the k most likely tokens")
    seed: Value[int] = field(Whole(at_least(0)), "every item has its own stream from it", default=0)


class OptionTexts(Struct, frozen=True, eq=False):
    """Texts written out, or an expression that gives each row a list."""

    expects: str = 'a list such as `["yes", "no"]`, or a column that is one'

    def read(self, expr: Expr, field: str, report: Reporter) -> Expr | None:
        if isinstance(expr, StringLit | Tagged):
            wrong_type(expr, field, self.expects, report)
            return None
        if isinstance(expr, ListLit):
            texts = ListOf(Text()).read(expr, field, report)
            return expr if texts is not None and len(texts) == len(expr.items) else None
        return expr


class ChooseBody(Shape):
    options: Value[Expr | None] = field(
        OptionTexts(),
        "what there is to choose from; without it, the choices of the templates, written as their answers",
    )


class Spacing(Struct, frozen=True, eq=False):
    """A text, which may be empty or white space alone."""

    expects: str = "a string"

    def read(self, expr: Expr, field: str, report: Reporter) -> str | None:
        if isinstance(expr, StringLit):
            return expr.value
        wrong_type(expr, field, self.expects, report)
        return None


class PlainBody(Shape):
    before_answer: Value[str] = field(
        Spacing(), "what stands before an answer, unless the prompt ends in white space", default=" "
    )
    between_turns: Value[str] = field(
        Spacing(), "what stands after the system text, and after the answers of examples", default="\n\n"
    )


class Eval(Shape):
    models: Value[tuple[Ref, ...]] = required(
        ListOf(Name("the name of a model or train")), "what is evaluated", stand_in=()
    )
    data: Value[Ref | None] = required(
        Name("a task's part"), "the held-out rows, such as `triage.test`", unless=("benign", "harmful")
    )
    benign: Value[Ref | None] = field(
        Name("a task's part"), "harmless requests that look harmful: refusing them is a mistake"
    )
    harmful: Value[Ref | None] = field(Name("a task's part"), "requests that the policy wants refused")
    policy: Value[Ref | None] = field(Name("the name of a policy"), "the policy that answers are held to")
    guardrails: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a guardrail")), "every model is measured without them and with each", default=()
    )
    templates: Value[tuple[Ref, ...] | None] = field(
        ListOf(Name("the name of a template")), "how rows are shown; the task's own templates"
    )
    expected: Value[Ref | None] = field(
        Name("the name of a column"), "the column with the expected answer, where all answers are recorded"
    )
    few_shot: Value[tuple[int, ...]] = field(
        ListOf(Whole(at_least(0))),
        "numbers of worked examples, such as `[0, 2, 5]`: every template is shown with each",
        default=(),
    )
    decode: Value[GreedyBody | SampleBody | ChooseBody | None] = field(
        OneOf({"greedy": GreedyBody, "sample": SampleBody, "choose": ChooseBody}),
        "`greedy { … }` or `sample { … }`, or `choose { … }`: the likeliest of some options; greedy, 256 tokens",
    )
    prompt: Value[str | PlainBody | None] = field(
        OneOf({"chat": None, "plain": PlainBody}),
        "`chat`: the model's chat template; `plain { … }`: the texts alone, as base models read them; chat",
    )
    samples: Value[int] = field(
        Whole(at_least(1)), "how often each item is asked, with random draws of its own each time", default=1
    )
    precision: Value[str] = field(
        Word(("auto", "fp32", "bf16")), "`auto`: bf16 where the device is fast at it", default="auto"
    )
    tags: Value[Expr | None] = field(
        Formula("a column of the data"), "the tag that a row carries, or a list of them, for `never EVAL.tag(…)`"
    )
    metrics: tuple[NamedRule, ...] = named_rules("metric", {"over": Name("`data`, `benign` or `harmful`")})
    slices: tuple[NamedRule, ...] = named_rules("slice")
