"""Answers that a model chooses from, a JSON list of texts a row, as SQL over rendered rows.

They come from the data, from the spec, or from the choices of the template, each written as the template writes its
answer. The expected answer has to be one of them: a row without that is no question, and is in the ledger.
"""

from __future__ import annotations

from typing import Any

from compiler.step_params import Candidates, RenderTemplate, Segment
from runtime.row_hashes import is_blank
from runtime.template_sql import EMPTY_OPTION, NOT_AN_OPTION, TOO_FEW_OPTIONS, Bound, answer_segments, piece


def listed(asked: Candidates, template: RenderTemplate, at: int) -> Bound:
    """The candidates of a row under template number ``at``, as JSON."""
    if asked.texts is not None:
        return f"to_json(json_extract_string(({asked.texts.sql}), '$[*]'))::VARCHAR", list(asked.texts.params)
    assert template.options is not None
    pieces, bound = ["''"], list[Any]()
    for segment in answer_segments(template):
        sql, values = _of_choice(segment, template.options.letters, at)
        pieces.append(sql)
        bound += values
    blank = is_blank(f"__choices_{at}[__i]")  # of an empty choice, whatever stands around it, nothing is left
    text = f"CASE WHEN {blank} THEN '' ELSE concat({', '.join(pieces)}) END"
    written = f"list_transform(__order_{at}, lambda __i, __n: {text})"
    return f"to_json({written})::VARCHAR", bound


def _of_choice(segment: Segment, letters: str, at: int) -> Bound:
    """A piece of the answer, of the choice ``__i`` that stands in place ``__n``."""
    if segment.made == "option":
        return f"__choices_{at}[__i]", []
    if segment.made == "letter":
        return "substring(?, __n, 1)", [letters]
    return piece(segment, at)


def with_faults(select: str) -> str:
    """A select over rendered rows, with the ledger rule that a row falls to for its candidates."""
    texts = "json_extract_string(options, '$[*]')"
    cases = {
        EMPTY_OPTION: f"len(list_filter({texts}, lambda __text: {is_blank('__text')})) > 0",
        TOO_FEW_OPTIONS: f"coalesce(len(list_distinct({texts})), 0) < 2",
        NOT_AN_OPTION: f"NOT list_contains({texts}, expected)",
    }
    whens = " ".join(f"WHEN {condition} THEN '{rule}'" for rule, condition in cases.items())
    return f"SELECT * REPLACE (coalesce(fault, CASE {whens} END) AS fault) FROM ({select})"
