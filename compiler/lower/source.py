"""``source`` -> one ``ingest`` step: its hash covers the files' bytes and the mapping, not where the files lie."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.resolved import ResolvedSource
from compiler.schema.source import Source
from compiler.step_params import Column, IngestParams, Sampling
from spec_lang.quantities import Unit


def lower_source(source: ResolvedSource, builder: PlanBuilder) -> str:
    """The id of the ingest step."""
    block, facts = source.block, sure(source.facts)
    columns = [Column(name=name, field=field) for name, field in source.mapping.items()]
    columns += [Column(name=name, field=place[0], path=place[1:]) for name, place in source.places.items()]
    declared: dict[str, Any] = {"shape": block.shape.value} if block.shape.value is not None else {}
    return builder.add(
        IngestParams(
            format=facts.format,
            columns=tuple(sorted(columns, key=lambda column: column.name)),
            layout=source.layout,
            sample=_sample(block),
        ),
        source.name,
        block,
        content={f"file:{index}": content for index, (_, content) in enumerate(facts.files)},
        labels={"source": source.name},
        paths=[path for path, _ in facts.files],
        licence=block.licence.value,
        origin=block.origin.value,
        consent=block.consent.value,
        **declared,
    )


def _sample(block: Source) -> Sampling | None:
    """None for all rows, which 100% of them are too."""
    amount = block.sample.value
    if amount is None or amount == (Decimal(1), Unit.SHARE):
        return None
    number, unit = amount
    if unit is Unit.ROWS:
        return Sampling(share=None, rows=int(number), seed=block.seed.value)
    return Sampling(share=number, rows=None, seed=block.seed.value)
