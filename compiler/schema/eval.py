"""``eval``: models x templates on held-out rows, with metrics an item and slices of the items."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.fields import Shape, Value, field, named_rules, required
from compiler.schema.tagged import OneOf
from compiler.schema.values import Formula, ListOf, Name, Real, Whole, Word, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, NamedRule, Ref
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
    decode: Value[GreedyBody | SampleBody | None] = field(
        OneOf({"greedy": GreedyBody, "sample": SampleBody}), "`greedy { … }` or `sample { … }`; greedy, 256 tokens"
    )
    precision: Value[str] = field(
        Word(("auto", "fp32", "bf16")), "`auto`: bf16 where the device is fast at it", default="auto"
    )
    tags: Value[Expr | None] = field(
        Formula("a column of the data"), "the tag that a row carries, or a list of them, for `never EVAL.tag(…)`"
    )
    metrics: tuple[NamedRule, ...] = named_rules("metric", {"over": Name("`data`, `benign` or `harmful`")})
    slices: tuple[NamedRule, ...] = named_rules("slice")
