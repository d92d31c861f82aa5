"""What a score or a guardrail can be beside an expression: numbers that need a model, a judge or a classifier."""

from __future__ import annotations

from compiler.schema.calls import Argument, CallForm, forms
from compiler.schema.values import Name, Text, Word

_MODEL = Argument("model", Name("the name of a model or train"))
_COLUMN = Argument("column", Name("the name of a column"))

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
    CallForm("reward", (_MODEL,), "what a reward model gives the answer", "reward(model = preferred)"),
    CallForm(
        "judge",
        (Argument("judge", Name("the name of a judge")),),
        "a judge's label, counted from 0 for the worst",
        "judge(helpfulness)",
    ),
    CallForm("toxicity", (_COLUMN,), "how toxic a text is, 0 to 1", "toxicity(output)"),
    CallForm(
        "language",
        (_COLUMN, Argument("code", Text())),
        "how surely a text is in a language, 0 to 1",
        'language(output, "en")',
    ),
)
