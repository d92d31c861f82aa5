"""``model``: weights that exist before the spec runs, a server, or answers that somebody has recorded already.

Recorded answers are rows like any others: a source reads them (so every format, column and hash of a source serves
them too), a task may filter them, and a model says which column is the answer and which tell the item.
"""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.fields import Entry, Shape, Value, field, nested, others, required
from compiler.schema.filter import OneOrMany
from compiler.schema.values import Name, Real, Text, Whole, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, Ref
from spec_lang.quantities import Unit

LATER: tuple[str, ...] = ()

SECRET = forms(
    CallForm(
        "env",
        (Argument("name", Text()),),
        "an environment variable, read when the spec runs; in no plan, hash or store",
        'env("OPENAI_API_KEY")',
    )
)


_COLUMN = Name("the name of a column")
_PRICE = Real(Limits(minimum=Decimal(0)))


class RecordedScores(Shape):
    """``scores { correct = is_correct }``: what `recorded(correct)` reads, and the column of the recorded rows."""

    scores: tuple[Entry[Ref], ...] = others(_COLUMN, "scores")


class Price(Shape):
    """What a server asks for, in whatever money: budgets and costs are in the same."""

    input: Value[Decimal | None] = required(_PRICE, "of a million tokens of prompts")
    output: Value[Decimal | None] = required(_PRICE, "of a million tokens of answers")


class PerMinute(Shape):
    requests: Value[int | None] = field(Whole(at_least(1)), "how many requests may begin in a minute")
    tokens: Value[int | None] = field(
        Whole(at_least(1), Unit.TOKENS, plain=True), "how many tokens, of prompts and answers, in a minute"
    )


class Model(Shape):
    weights: Value[str | None] = required(
        Text(),
        'where the weights are: `"package:…"`, `"hf:org/name@revision"` or `"./folder"`',
        unless=("endpoint", "recorded"),
    )
    endpoint: Value[str | None] = field(
        Text(), 'instead of weights, a server that speaks OpenAI\'s protocol: `"http://127.0.0.1:8000/v1"`'
    )
    name_: Value[str | None] = field(Text(), "what the server calls the model; required with `endpoint`")
    key: Value[ReadCall | None] = field(
        CallOf(SECRET, secret=True), 'the server\'s key, as `env("NAME")`; never the key itself'
    )
    revision: Value[str | None] = field(
        Text(), "what tells the served model from another one under the same name; a change asks for everything anew"
    )
    concurrency: Value[int] = field(
        Whole(Limits(minimum=Decimal(1), maximum=Decimal(512))), "how many requests are under way at once", default=8
    )
    timeout: Value[int] = field(
        Whole(at_least(1), Unit.DURATION), "how long one attempt may take, such as `2min`", default=120
    )
    retries: Value[int] = field(
        Whole(Limits(minimum=Decimal(0), maximum=Decimal(100))),
        "how often a request is asked again after it failed, each time later",
        default=8,
    )
    per_minute: PerMinute | None = nested(PerMinute, "limits of the server, which asking keeps to")
    price: Price | None = nested(Price, "prices of a million tokens, for costs and budgets in money")
    chat_template: Value[str | None] = field(Text(), "a Jinja file that replaces the tokenizer's own chat template")
    recorded: Value[Ref | None] = field(
        Name("the name of a source or a task"), "instead of weights, rows with answers that were made elsewhere"
    )
    item: Value[tuple[Expr, ...]] = field(
        OneOrMany(),
        "what tells which item a recorded answer belongs to: columns that the data of an eval has too, such as "
        "`question` or `[trim(question), choices]`",
        default=(),
    )
    answer: Value[Ref | None] = field(_COLUMN, "the column with the recorded answer")
    prompt: Value[Ref | None] = field(_COLUMN, "the column with what was asked, where it was recorded")
    scores: RecordedScores | None = nested(
        RecordedScores, "names for columns with scores that were recorded too, for the metric `recorded(…)`"
    )
