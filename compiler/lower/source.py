"""``source`` -> one ``ingest`` step: its hash covers the files' bytes and the mapping, not where the files lie."""

from __future__ import annotations

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.resolved import ResolvedSource
from compiler.step_params import Column, IngestParams


def lower_source(source: ResolvedSource, builder: PlanBuilder) -> str:
    """The id of the ingest step."""
    block, facts = source.block, sure(source.facts)
    columns = tuple(Column(name=name, field=field) for name, field in source.mapping.items())
    return builder.add(
        IngestParams(format=facts.format, columns=columns),
        source.name,
        block,
        content={f"file:{index}": content for index, (_, content) in enumerate(facts.files)},
        labels={"source": source.name},
        paths=[path for path, _ in facts.files],
        licence=block.licence.value,
        origin=block.origin.value,
        consent=block.consent.value,
    )
