"""The failures on a page: what was asked and wanted, and what two models said, words that differ marked.

What a model lost of what the other had comes first, and each has its cause, as in the dashboard. The page has a size:
failures that would make it larger are left out, and how many of how many stand there is said above them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sft.run_report.facts import EvalFacts
from sft.run_report.markup import CUT, Markup, el, facts, joined, text
from tui.cause_queries import CAUSES, Cause
from tui.formats import count
from tui.item_order import Outcome
from tui.view_models.failures import cause_line
from tui.view_models.predictions import AnswerView, ItemView, OutputView, outcome_name
from tui.word_diff import Piece

NOT_FAILED: tuple[Outcome, ...] = ("lost", "gained", "unmeasured")
_TAGS = {"same": "span", "extra": "ins", "missing": "del", "unlike": "mark"}


def failures(evals: Sequence[EvalFacts], most_bytes: int) -> Markup | None:
    """The failures of every eval, in about so many bytes in all."""
    measured = [one for one in evals if one.chosen.metric is not None]
    if not measured:
        return None
    room = most_bytes // len(measured)
    return el("section", el("h2", "Failures"), *(_eval(one, room) for one in measured), id="failures")


def _eval(one: EvalFacts, room: int) -> Markup:
    chosen, shown = one.chosen, []
    for number, (item, cause) in enumerate(one.failures, 1):
        made = _item(number, item, cause)
        room -= len(made.encode())
        if room < 0:
            break
        shown.append(made)
    beside = f" beside {one.beside}" if one.beside else ""
    head = el("h3", f"{chosen.eval}: {chosen.model}{beside}, by {chosen.metric}")
    graded = one.unit == "share"
    others = [f"{count(one.counts[name])} {outcome_name(name, one.flips)}" for name in NOT_FAILED if one.counts[name]]
    none = "No item failed." if graded else f"`{chosen.metric}` is a number, by which no answer fails."
    told = none if not one.failed else f"{count(len(shown))} of {count(one.failed)} failures."
    if len(shown) < len(one.failures):
        told += " More would make this page too large."
    if one.causes:
        told += f" Why: {cause_line(one.causes, len(CAUSES))}."
    if others:
        told += f" Of {count(one.counts['all'])} items: {', '.join(others)}."
    legend = joined(
        el("ins", "words that are not expected"), ", ", el("del", "expected words that are missing"), ", ",
        el("mark", "answers unlike what is expected"), f"; in colour where {chosen.metric} calls the answer wrong",
    )  # fmt: skip
    return joined(head, el("p", told), el("p", legend, class_="quiet") if shown else None, *shown)


def _item(number: int, item: ItemView, cause: Cause | None) -> Markup:
    about = [("item", item.row_id[:12]), ("template", item.template), *item.slices]
    about += [("why", cause)] if cause is not None else []
    system = [turn for turn in item.prompt if turn[0] == "system"]
    turns = [_turn(role or "prompt", content) for role, content in item.prompt if role != "system"]
    return el(
        "article",
        el("header", el("strong", f"{number}"), facts(about)),
        *turns,
        *(_turn(f"row: {name}", content) for name, content in item.asked),
        _turn("expected", item.expected, "expected"),
        el("div", *(_output(output) for output in item.outputs), class_="outputs"),
        el("details", el("summary", "system prompt"), *(_turn("", content) for _, content in system))
        if system
        else None,
        el("details", el("summary", "the row"), *(_turn(name, content) for name, content in item.beside))
        if item.beside
        else None,
        class_="failure",
    )


def _turn(role: str, content: str, look: str = "") -> Markup:
    return el("div", el("span", role, class_="role"), el("pre", text(content)), class_=f"turn {look}".strip())


def _output(output: OutputView) -> Markup:
    several = len(output.answers) > 1
    answers = [
        joined(el("p", f"answer {at} of {len(output.answers)}", class_="quiet") if several else None, _answer(answer))
        for at, answer in enumerate(output.answers, 1)
    ]
    return el("div", el("h4", output.model, " ", _metrics(output.metrics)), *answers, class_="output")


def _answer(answer: AnswerView) -> Markup:
    said = el("pre", *_pieces(answer.pieces, answer.wrong)) if answer.output else el("p", "(empty)", class_="quiet")
    return joined(_metrics(answer.metrics) if answer.metrics else None, said, el("p", answer.tokens, class_="quiet"))


def _metrics(metrics: Sequence[tuple[str, str, str]]) -> Markup:
    looks = {"✓": "pass", "✗": "fail", "?": "inconclusive", "~": "inconclusive"}
    return joined(
        *(
            joined(el("span", f"{badge} {name} {value}", class_=f"metric {looks.get(badge, 'none')}"), " ")
            for name, value, badge in metrics
        )
    )


def _pieces(pieces: Sequence[Piece], wrong: bool) -> Iterator[Markup]:
    room = CUT
    for piece in pieces:
        part = piece.text[:room]
        if part:
            yield el(_TAGS[piece.kind], part, class_=None if wrong or piece.kind == "same" else "fine")
        room -= len(part)
    left = sum(len(piece.text) for piece in pieces) - (CUT - room)
    if left:
        yield el("span", f" … ({left:,} characters more)", class_="quiet")
