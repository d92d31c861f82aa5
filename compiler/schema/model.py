"""``model``: weights that exist before the spec runs, or answers that somebody has recorded already.

Recorded answers are rows like any others: a source reads them (so every format, column and hash of a source serves
them too), a task may filter them, and a model says which column is the answer and which tell the item.
"""

from __future__ import annotations

from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.fields import Entry, Shape, Value, field, nested, others, required
from compiler.schema.filter import OneOrMany
from compiler.schema.values import Name, Text
from spec_lang.ast import Expr, Ref

LATER = ("endpoint", "key", "name")

SECRET = forms(
    CallForm(
        "env",
        (Argument("name", Text()),),
        "an environment variable, read when the spec runs; in no plan, hash or store",
        'env("OPENAI_API_KEY")',
    )
)


_COLUMN = Name("the name of a column")


class RecordedScores(Shape):
    """``scores { correct = is_correct }``: what `recorded(correct)` reads, and the column of the recorded rows."""

    scores: tuple[Entry[Ref], ...] = others(_COLUMN, "scores")


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
