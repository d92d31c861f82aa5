"""``judge``: labels that a rule or a model gives to outputs, and the human labels that it is measured against."""

from __future__ import annotations

from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.values import ListOf, Name, Text
from spec_lang.ast import Ref

USING = forms(
    CallForm("rules", (Argument("name", Text()),), "built-in rules, by name; they read no model", 'rules("refusal")'),
    CallForm(
        "model",
        (Argument("name", Name("the name of a model")), Argument("prompt", Name("the name of a template"))),
        "a model that is asked with a template; its answer begins with the label",
        "model(served, prompt = ask)",
    ),
)


class Judge(Shape):
    labels: Value[tuple[Ref, ...]] = required(
        ListOf(Name("a label")), "what an output can be called, worst first; at least two", stand_in=()
    )
    using: Value[ReadCall | None] = required(CallOf(USING), "who judges: `rules(…)` or `model(…)`")
    calibrate: Value[Ref | None] = field(
        Name("a source, a task or a review"), "outputs with labels that people gave; agreement is measured on them"
    )
    policy: Value[Ref | None] = field(Name("the name of a policy"), "the policy under which is judged")
