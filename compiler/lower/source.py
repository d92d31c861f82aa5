"""``source`` -> one ``ingest`` step: its hash covers the files' bytes and the mapping, not where the files lie."""

from __future__ import annotations

from compiler.lower.builder import PlanBuilder
from compiler.resolved import ResolvedSource
from compiler.step_params import IngestParams


def lower_source(source: ResolvedSource, builder: PlanBuilder) -> str:
    """The id of the ingest step."""
    block, files = source.block, source.facts.files
    return builder.add(
        IngestParams(format=source.facts.format, columns=source.mapping),
        source.name,
        block,
        content={f"file:{index}": content for index, (_, content) in enumerate(files)},
        labels={"source": source.name},
        paths=[path for path, _ in files],
        licence=block.licence.value,
        origin=block.origin.value,
        consent=block.consent.value,
    )
