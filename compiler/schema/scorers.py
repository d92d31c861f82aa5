"""What a score or a guardrail can be beside an expression: numbers that need a model, a judge or a classifier."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.schema.calls import Argument, CallForm, forms
from compiler.schema.values import Formula, Name, Text, Word

_MODEL = Argument("model", Name("the name of a model or train"))
_CLASSIFIER = Argument("model", Name("the name of a model"))
_TEXT = Argument("text", Formula())

SCORERS = forms(
    CallForm(
        "ifd",
        (_MODEL, Argument("ratio", Word(("loss", "perplexity")), required=False, default="loss")),
        "instruction-following difficulty (arXiv:2308.12032): the answer's loss with the instruction, divided by the "
        "loss without it",
        "ifd(model = base)",
    ),
    CallForm(
        "perplexity",
        (_MODEL,),
        "the perplexity of the answer after its prompt",
        "perplexity(model = base)",
    ),
    CallForm("reward", (_CLASSIFIER,), "what a reward model gives the conversation", "reward(model = preferred)"),
    CallForm(
        "classifier",
        (_TEXT, _CLASSIFIER, Argument("label", Text())),
        "how surely a sequence classifier gives a text this label, 0 to 1",
        'classifier(output, model = topics, label = "sport")',
    ),
    CallForm(
        "toxicity",
        (
            _TEXT,
            Argument("model", Name("the name of a model"), required=False),
            Argument("label", Text(), required=False, default="toxic"),
        ),
        "how toxic a text is by a sequence classifier with a label for it, 0 to 1",
        "toxicity(output, model = detector)",
    ),
    CallForm(
        "judge",
        (Argument("judge", Name("the name of a judge")),),
        "a judge's label, counted from 0 for the worst",
        "judge(helpfulness)",
    ),
    CallForm(
        "language",
        (Argument("column", Name("the name of a column")), Argument("code", Text())),
        "how surely a text is in a language, 0 to 1",
        'language(output, "en")',
    ),
)

# Scorers that are checked and that no step runs yet, with what is missing.
LATER_SCORERS: Mapping[str, str] = {
    "language": "the step that keeps it as a score (`keep`, `drop` and slices have `language_confidence`)",
}
