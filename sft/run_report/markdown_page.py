"""A run as Markdown for a pull request: the report of its gates, what changed, where rows went, the first failures.

The verdicts are those of ``sft.reports.markdown``, word for word. GitHub takes 65,536 characters in a comment, so the
page is cut at whole lines before that, and its last line says what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sft.compare_page import page as compare_page
from sft.comparing_models import Compared
from sft.plain_tables import as_markdown, markdown_table, markdown_text, unlinked
from sft.reports.markdown import markdown
from sft.run_report.facts import EvalFacts, RunFacts
from spec_lang.plain_text import one_line
from tui.cause_queries import CAUSES, Cause
from tui.formats import count, share
from tui.view_models.failures import cause_line
from tui.view_models.predictions import ItemView

MOST_CHARACTERS = 60_000
SHOWN_FAILURES = 5  # of an eval; a pull request is no place for more
WIDE = 300


def markdown_page(facts: RunFacts) -> str:
    blocks = [markdown(facts.report).rstrip("\n"), *(unlinked(block) for block in _blocks(facts))]
    return _cut("\n\n".join(blocks).split("\n"), facts.run.run_id)


def _cut(lines: list[str], run_id: str) -> str:
    kept, room = [], MOST_CHARACTERS
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            left = sum(bool(line) for line in lines[len(kept) :])
            kept += ["", f"{left:,} more lines do not fit here; `sft report {run_id} -o report.html` has all."]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def _blocks(facts: RunFacts) -> Iterator[str]:
    if facts.view.warnings:
        told = (f"- {markdown_text(one.code)}: {markdown_text(one.message)}" for one in facts.view.warnings)
        yield "### Warnings\n\n" + "\n".join(told)
    title = "### What changed\n\n"
    for compared in _by_sides(facts.evals):
        yield title + as_markdown(compare_page(compared)).rstrip("\n")
        title = ""
    for one in facts.evals:
        if one.not_compared:
            yield f"{title}{markdown_text(one.name)}: {markdown_text(one.not_compared)}"
            title = ""
    if facts.funnel:
        rows = [
            (
                line.title if line.rule is None else f"- {line.title}",
                *(count(line.entering), count(line.dropped) if line.dropped else ""),
                share(line.dropped, line.entering) if line.dropped and line.entering else "",
                count(line.kept),
            )
            for line in facts.funnel
        ]
        columns = ("step and rule", "in", "dropped", "share", "kept")
        yield "### Data\n\n" + markdown_table("", columns, rows, 1, 2, 3, 4).rstrip("\n")
    for one in facts.trainings:
        told = ", ".join(f"{name} {value}" for name, value in one.figures)
        yield f"### Training {markdown_text(one.name)}\n\n{markdown_text(told or 'no step yet')}"
    yield from (_failures(one) for one in facts.evals if one.failures)


def _by_sides(evals: Sequence[EvalFacts]) -> list[list[Compared]]:
    """The comparisons of the same two sides together: a page names both over its rows, and an eval has sides of its
    own."""
    found: dict[tuple[str, str], list[Compared]] = {}
    for one in evals:
        if one.compared is not None:
            result = one.compared.result
            found.setdefault((result.first, result.second), []).append(one.compared)
    return list(found.values())


def _failures(one: EvalFacts) -> str:
    shown = one.failures[:SHOWN_FAILURES]
    rows = [
        (item.template, _why(one, item, cause), _asked(item), one_line(item.expected, WIDE), _said(item))
        for item, cause in shown
    ]
    head = f"{len(shown)} of {one.failed:,} failures of {one.chosen.model} by {one.chosen.metric}"
    head += f"; why: {cause_line(one.causes, len(CAUSES))}" if one.causes else ""
    table = markdown_table("", ("template", "why", "asked", "expected", "said"), rows).rstrip("\n")
    return f"### {markdown_text(one.name)}: {markdown_text(head)}\n\n{table}"


def _why(one: EvalFacts, item: ItemView, cause: Cause | None) -> str:
    """The cause, and what the metric measured and read of the answer."""
    measured = item.outputs[-1].metrics if item.outputs else ()
    told = next((f"{name} {value}" for name, value, _ in measured if name == one.chosen.metric), "")
    return ": ".join(part for part in (cause or "", one_line(told, WIDE)) if part)


def _asked(item: ItemView) -> str:
    if item.prompt:
        return one_line(item.prompt[-1][1], WIDE)
    return one_line(" · ".join(f"{name}: {text}" for name, text in item.asked), WIDE)


def _said(item: ItemView) -> str:
    """What the model that is looked at says; it is the last one."""
    answers = item.outputs[-1].answers if item.outputs else ()
    return one_line(answers[0].output, WIDE) if answers else ""
