"""Functions that no SQL says: the run computes them of a column before the rule that asks, as a column of its own.

Both stand where rows are kept, dropped or sliced, and not in keys. Tokens are counted by the model's own tokenizer
(1 to 2 us a token, on all cores), and languages told by the model inside py3langid (40 us for 60 characters).
"""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.languages import LANGUAGES
from compiler.functions.table import Function, Parameter, text
from spec_lang.quantities import Unit

PREPARED: tuple[Function, ...] = (
    Function(
        "tokens",
        (text(), Parameter("model", ("text",), "model")),
        "number",
        "number of tokens of the text for the tokenizer of a model, or of a train's model; without the tokens that a "
        "chat template adds",
        "",
        ('tokens("two words", model = base)', 2),
        low=Decimal(0),
        prepared="tokens",
    ),
    Function(
        "language",
        (text(),),
        "text",
        f"the code of the likeliest of {len(LANGUAGES)} languages, such as `en` or `zh`; null where nothing tells it",
        "",
        ('language("Where is the station?")', "en"),
        prepared="language",
    ),
    Function(
        "language_confidence",
        (text(), Parameter("code", ("text",), "language")),
        "number",
        "how likely a language is, of all that are known; low for texts of few words, whatever their language",
        "",
        ('language_confidence("Where is the station?", "en")', 0.99),
        low=Decimal(0),
        high=Decimal(1),
        unit=Unit.SHARE,
        prepared="language_confidence",
    ),
)
