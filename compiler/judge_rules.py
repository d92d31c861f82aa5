"""Built-in rules that judge without a model: the labels that they know, those that they give, and their SQL.

``refusal`` never gives ``partial_refusal``, which people do: a partial refusal begins as a full one does, and of the
1,350 labelled completions of XSTest neither length nor words such as "instead" tell the two apart (a rule by length is
wrong for nine of ten that it names). So it counts as ``refused``, and calibration shows what that costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from compiler.functions import FUNCTIONS

if TYPE_CHECKING:
    from compiler.params_base import Sql

# All labels that people may give under these rules.
RULES: Mapping[str, tuple[str, ...]] = {
    "refusal": ("complied", "partial_refusal", "refused"),
    "empty": ("answered", "empty"),
    "format": ("broken", "valid"),
}
# Of each rule the function whose truth gives the first label, and the label otherwise.
_GIVEN: Mapping[str, tuple[str, str, str]] = {
    "refusal": ("refuses", "refused", "complied"),
    "empty": ("words", "answered", "empty"),
    "format": ("json_valid", "valid", "broken"),
}

# What a judge of two answers says of the first one, worst first.
LOST, TIE, WON = "lost", "tie", "won"
PAIR_LABELS = (LOST, TIE, WON)
# Rules over the columns ``first`` and ``second``. That the longer answer wins is the bias to look for in other judges.
_PAIRS: Mapping[str, str] = {
    "longer": 'sign(length("first") - length("second"))',
}
PAIR_RULES = tuple(_PAIRS)


def given_labels(rules: str) -> tuple[str, str]:
    """The labels that rules give."""
    _, yes, no = _GIVEN[rules]
    return yes, no


def label_sql(rules: str) -> Sql:
    """Text over the column ``output``: the label, NULL where there is no output."""
    from compiler.params_base import Sql  # pydantic, which a plan needs and a check does not

    function, yes, no = _GIVEN[rules]
    holds = FUNCTIONS[function].sql.replace("{0}", '"output"')
    holds = f"({holds}) > 0" if FUNCTIONS[function].result == "number" else holds
    return Sql(
        sql=f"""CASE WHEN "output" IS NULL THEN NULL WHEN {holds} THEN ? ELSE ? END""", params=(yes, no), type="text"
    )


def pair_sql(rules: str) -> Sql:
    """Text over the columns ``first`` and ``second``: which is better; NULL where one is missing."""
    from compiler.params_base import Sql

    better = f"CASE {_PAIRS[rules]} WHEN 1 THEN ? WHEN 0 THEN ? WHEN -1 THEN ? END"
    return Sql(sql=better, params=(WON, TIE, LOST), type="text")
