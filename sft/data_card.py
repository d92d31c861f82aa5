"""The data card of an export: ``README.md`` with the front matter of the hub, in sections of tables.

Everything that comes from data or a spec is a JSON string in the front matter and escaped in Markdown. The same
rows give the same card: it holds no clock, and no path but those that the spec or the command line writes.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from compiler.plan import StepKind
from compiler.step_params import MixParams, RenderTemplate, Segment, SplitParams
from runtime.exporting.layouts.base import Layout, Names, Written
from runtime.exporting.provenance import Provenance, SourceFile
from runtime.exporting.yaml_text import yaml_text
from sft.licences import licence_notes
from sft.mixture_page import mixture_table
from sft.plain_tables import Page, as_markdown, markdown_table, markdown_text
from sft.written_card import written_section
from spec_lang.plain_text import visible

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True)
class CardFacts:
    """What a card is made from. ``command`` are the words of the command line that makes the export again."""

    name: str
    spec: str
    plan_hash: str
    version: str
    command: Sequence[str]
    layout: Layout
    parts: Sequence[Written]
    behind: Provenance


def data_card(facts: CardFacts) -> str:
    """The text of ``README.md``."""
    sections = (_head, _loading, _splits, _sources, _written, _steps, _templates, _mixture, _decontamination, _again)
    return _front_matter(facts) + "\n".join(text for section in sections if (text := section(facts)))


def _front_matter(facts: CardFacts) -> str:
    rows = sum(part.rows for part in facts.parts)
    size = next((name for limit, name in _SIZES if rows < limit), "n>1M")
    licences = sorted({_hub_licence(file.licence or "unknown") for file in facts.behind.sources if not file.compared})
    lines = [
        "---",
        f"pretty_name: {yaml_text(facts.name)}",
        f"license: {json.dumps(licences)}",
        f"size_categories: {json.dumps([size])}",
        'tags: ["instruction-tuning", "sft"]',
        "configs:",
        "  - config_name: default",
        "    data_files:",
    ]
    for part in facts.parts:
        lines += [f"      - split: {yaml_text(part.part)}", f"        path: {yaml_text(part.file)}"]
    return "\n".join([*lines, "---", "", ""])


def _hub_licence(licence: str) -> str:
    """The hub writes SPDX names in lower case; what is no such name is ``other``."""
    return licence.lower() if re.fullmatch(r"[A-Za-z0-9.+-]+", licence) else "other"


def _share(rows: int, whole: int) -> str:
    return f"{100 * rows / whole:.1f}%" if whole else ""


def _head(facts: CardFacts) -> str:
    rows = sum(part.rows for part in facts.parts)
    notes = "".join(f"\n> {markdown_text(note)}\n" for note in licence_notes(facts.behind.sources))
    made_from = markdown_text(facts.spec)
    name = markdown_text(facts.name)
    return f"# {name}\n\n{rows:,} conversations for instruction tuning, made from {made_from}.\n{notes}"


def _loading(facts: CardFacts) -> str:
    usage = facts.layout.usage(Names(facts.name, ""), facts.parts)
    return f"## Loading\n\nLayout: {facts.layout.tool}.\n\n{usage}\n"


def _splits(facts: CardFacts) -> str:
    rows = [(part.part, part.file, f"{part.rows:,}", _counts(part)) for part in facts.parts]
    text = "## Rows\n\n" + markdown_table("", ("split", "file", "rows", "by template"), rows, 2)
    for fact in facts.behind.steps:
        if isinstance(fact.step.params, SplitParams):
            wanted = {part.name: part.share for part in fact.step.params.parts}
            counts = fact.result.summary["parts"]
            lines = [
                (name, f"{100 * float(share):g}%", f"{counts[name]:,}", _share(counts[name], sum(counts.values())))
                for name, share in wanted.items()
            ]
            text += "\n" + markdown_table(
                f"split of {fact.step.name}", ("part", "asked", "rows", "share"), lines, 1, 2, 3
            )
    return text


def _counts(part: Written) -> str:
    return ", ".join(f"{name or 'no template'} {count:,}" for name, count in part.by_template.items())


def _sources(facts: CardFacts) -> str:
    return f"## Sources\n\n{sources_table(facts.behind)}"


def _written(facts: CardFacts) -> str:
    return written_section(facts.behind)


def sources_table(behind: Provenance) -> str:
    """The files that were read, with what is declared of them; those that rows were only compared with apart."""
    columns = ("source", "file", "rows", "unreadable", "licence", "origin", "consent", "content hash")
    text = markdown_table("", columns, [_source(file) for file in behind.sources if not file.compared], 2, 3)
    if apart := [_source(file) for file in behind.sources if file.compared]:
        text += "\n" + markdown_table("only compared with: no row was taken", columns, apart, 2, 3)
    return text


def _source(file: SourceFile) -> tuple[str, ...]:
    declared = (file.licence or "unknown", file.origin or "unknown", file.consent or "not declared")
    return (file.source, file.path, f"{file.rows:,}", f"{file.unreadable:,}", *declared, file.content_hash)


def _steps(facts: CardFacts) -> str:
    return (
        "## Steps\n\nEvery row that a step reads is kept or dropped; the ledger has the rule and the measured value\n"
        f"of each dropped row (`sft show ledger`).\n\n{steps_table(facts.behind)}"
    )


def steps_table(behind: Provenance) -> str:
    """What each step read, gave and dropped, and what each rule dropped."""
    results = [(fact.step, fact.result) for fact in behind.steps]
    rows = [(step.id, f"{of.rows_in:,}", f"{of.rows_out:,}", f"{of.rows_dropped:,}", step.hash) for step, of in results]
    rules = [
        (fact.step.id, rule.text, f"{rule.dropped:,}", rule.reason or "")
        for fact in behind.steps
        for rule in fact.rules
    ]
    text = markdown_table("", ("step", "in", "out", "dropped", "hash"), rows, 1, 2, 3)
    if rules:
        text += "\n" + markdown_table("what each rule dropped", ("step", "rule", "rows", "reason"), rules, 2)
    return text


def _templates(facts: CardFacts) -> str:
    blocks = [f"### {name}\n\n{_fenced(template)}" for name, template in facts.behind.templates.items()]
    return "## Templates\n\n" + "\n".join(blocks) if blocks else ""


def _fenced(template: RenderTemplate) -> str:
    if not template.roles:
        return "The rows are conversations already, and leave as they were read.\n"
    text = "\n".join(f"{role.role}: {_segments(role.segments)}" for role in template.roles)
    if template.few_shot is not None:
        text += f"\n({template.few_shot.count} examples of other rows, drawn for each row by its hash)"
    if template.options is not None:
        text += f"\n(options as {_segments(template.options.line)!r}{', shuffled' * template.options.shuffle})"
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{visible(text, newlines=True)}\n{fence}\n"


def _segments(segments: Sequence[Segment]) -> str:
    """Text with its places: ``{column}``, ``{options}``, and ``[…]`` around what is there when its columns are."""
    pieces = []
    for part in segments:
        if part.optional is not None:
            pieces.append(f"[{_segments(part.optional)}]")
        else:
            place = part.column or part.made
            pieces.append(f"{{{place}}}" if place is not None else part.text or "")
    return "".join(pieces)


def _mixture(facts: CardFacts) -> str:
    tables = []
    for fact in facts.behind.steps:
        if isinstance(params := fact.step.params, MixParams):
            total = "as many rows as there are" if params.total is None else f"{params.total:,} rows asked for"
            text = f"Temperature {params.temperature}, {total}, {params.epochs} epochs, seed {params.seed}.\n\n"
            table, _ = mixture_table(fact.step, params, facts.behind.mixtures[fact.step.hash])
            tables.append(text + as_markdown(Page(None, "", (table,))))
    return "## Mixture\n\n" + "\n".join(tables) if tables else ""


def _decontamination(facts: CardFacts) -> str:
    rows = [
        (fact.step.id, rule.text, f"{fact.result.rows_in:,}", f"{rule.dropped:,}", rule.reason or "")
        for fact in facts.behind.steps
        if fact.step.kind is StepKind.DECONTAMINATE
        for rule in fact.rules
    ]
    columns = ("step", "compared with", "rows", "dropped", "reason")
    none = "No step compared these rows with the rows of an eval.\n"
    return "## Decontamination\n\n" + (markdown_table("", columns, rows, 2, 3) if rows else none)


def _again(facts: CardFacts) -> str:
    command = " ".join(shlex.quote(visible(word)) for word in facts.command)
    return (
        f"## How to make it again\n\n```sh\n{command}\n```\n\n"
        f"sft {facts.version}, plan `{facts.plan_hash}`. The hash of a step covers its parameters, its inputs and the\n"
        "content of the files that it reads: the same hashes are the same rows, in the same order.\n"
    )
