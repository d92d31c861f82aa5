"""One conversation as a training sees it: its text in pieces, trained on or not, as tokens say.

The mask is that of the training: the same call (``masks.encode``), under the same length policy (``rows.prepare``).
Character places of the tokenizer carry it back to the text. The tokenizer has to be at hand (``models.at_hand``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.plan import Step
from compiler.step_params import TrainParams
from runtime.models.at_hand import NotAtHand, tokenizer_at_hand
from runtime.training.masks import Encoded
from runtime.training.rows import RenderedRow, prepare
from spec_lang.diagnostics import DiagnosticError, fatal

MOST_PIECES = 20_000  # more than anybody reads of a row
_ANY = 1 << 40


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, or what stands between tokens: ``trained`` tells that the loss falls on it, ``cut`` that the training
    does not read it because the row is too long."""

    text: str
    trained: bool
    cut: bool = False


@dataclass(frozen=True)
class ShownRow:
    """``tokens`` are all of the row, ``trained`` those with loss, ``read`` those that the training reads: the others
    are past ``max_length``. ``dropped`` says why a row is not trained on at all; its pieces may be missing then.
    ``more`` characters follow those of the pieces."""

    pieces: tuple[Piece, ...]
    tokens: int
    read: int
    trained: int
    max_length: int
    objective: str
    dropped: str = ""
    more: int = 0


def shown_row(step: Step, spec_dir: Path, messages: Sequence[Mapping[str, Any]]) -> ShownRow | str:
    """A conversation under a train step's tokenizer, objective and length policy; or why it cannot be told: the
    tokenizer is not on this machine, or is another one by now. Nothing is downloaded or converted to look."""
    params = step.params
    assert isinstance(params, TrainParams)
    try:
        return masked(tokenizer_at_hand(step, spec_dir), messages, params)
    except NotAtHand as why:
        return str(why)
    except DiagnosticError as error:
        return error.diagnostics[0].message


def masked(tokenizer: Any, messages: Sequence[Mapping[str, Any]], params: TrainParams) -> ShownRow:
    """The row as ``prepare`` makes it, with its text. What is dropped or cut is rendered in full length as well."""
    row = RenderedRow("shown", tuple(dict(message) for message in messages))
    whole = prepare(tokenizer, [row], params.objective, _ANY, "drop")
    if not whole.rows:
        return ShownRow((), 0, 0, 0, params.max_length, params.objective, whole.dropped[0].detail)
    encoded = whole.rows[0].encoded
    read = min(len(encoded.ids), params.max_length)
    dropped = _dropped(tokenizer, row, params) if read < len(encoded.ids) else ""
    pieces, more = _pieces(tokenizer, row, encoded, read)
    trained = 0 if dropped else sum(encoded.supervised[:read])
    return ShownRow(pieces, len(encoded.ids), read, trained, params.max_length, params.objective, dropped, more)


def _dropped(tokenizer: Any, row: RenderedRow, params: TrainParams) -> str:
    """Why a row that is too long is not trained on; nothing where it is cut and still teaches something."""
    try:
        prepared = prepare(tokenizer, [row], params.objective, params.max_length, params.overflow)
    except DiagnosticError as error:  # `overflow = error`: the training would stop at this row
        return error.diagnostics[0].message
    return prepared.dropped[0].detail if prepared.dropped else ""


def _pieces(tokenizer: Any, row: RenderedRow, encoded: Encoded, read: int) -> tuple[tuple[Piece, ...], int]:
    """The rendered text cut where its first ``MOST_PIECES`` tokens begin, and how many characters follow; what no token
    covers goes with the one before it."""
    from runtime.models.chat_template import render

    text = render(tokenizer, list(row.messages))
    output = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    if tuple(output["input_ids"]) != encoded.ids:
        raise fatal("SFT0514", "the tokens of this row are not those that its mask is of")
    starts = [start for start, _ in output["offset_mapping"][: MOST_PIECES + 1]]
    if starts:
        starts[0] = 0
    ends = [*starts[1:], len(text)] if len(starts) <= MOST_PIECES else starts[1:]
    pieces = tuple(
        Piece(text[start:end], encoded.supervised[at], at >= read)
        for at, (start, end) in enumerate(zip(starts, ends, strict=False))
        if end > start
    )
    return pieces, len(text) - ends[-1] if ends else 0
