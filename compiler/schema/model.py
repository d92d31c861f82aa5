"""``model``: weights that exist before the spec runs."""

from __future__ import annotations

from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.values import Text

LATER = ("endpoint", "key", "name")

SECRET = forms(
    CallForm(
        "env",
        (Argument("name", Text()),),
        "an environment variable, read when the spec runs; in no plan, hash or store",
        'env("OPENAI_API_KEY")',
    )
)


class Model(Shape):
    weights: Value[str | None] = required(
        Text(),
        'where the weights are: `"package:…"`, `"hf:org/name@revision"` or `"./folder"`',
        unless=("endpoint",),
    )
    endpoint: Value[str | None] = field(
        Text(), 'instead of weights, a server that speaks OpenAI\'s protocol: `"http://127.0.0.1:8000/v1"`'
    )
    name_: Value[str | None] = field(Text(), "what the server calls the model; required with `endpoint`")
    key: Value[ReadCall | None] = field(
        CallOf(SECRET, secret=True), 'the server\'s key, as `env("NAME")`; never the key itself'
    )
    chat_template: Value[str | None] = field(Text(), "a Jinja file that replaces the tokenizer's own chat template")
