"""``source``: rows from a file, with what may be done with them."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.fields import Entry, Shape, Value, field, nested, others, required
from compiler.schema.numbers import ShareOrRows
from compiler.schema.values import Name, Text, Whole, Word, at_least
from compiler.shapes import SHAPES
from compiler.world import LOGS
from spec_lang.ast import Ref
from spec_lang.quantities import Unit

LATER = ("received", "policy")


class Columns(Shape):
    """``columns { instruction = message }``: a name in the spec, and the field of the file it stands for, or a place in
    one (``meta.prompt``)."""

    columns: tuple[Entry[Ref], ...] = others(Name("the name of a field of the file"), "columns")


class Source(Shape):
    path: Value[str | None] = required(
        Text(), "a file, a folder or a pattern, relative to the spec: JSONL, JSON, CSV, TSV or Parquet"
    )
    licence: Value[str] = required(
        Text(), 'under which terms the rows may be used, such as `"CC0-1.0"`', stand_in="unknown"
    )
    origin: Value[str] = required(
        Word(("human", "model", "mixed")), "who wrote the rows: `human`, `model` or `mixed`", stand_in="mixed"
    )
    consent: Value[str | None] = field(Text(), "how the authors agreed to this use")
    format: Value[str | None] = field(
        Word(LOGS),
        "a log of another evaluation harness: samples of lm-eval (`.jsonl`), or of Inspect (`.eval`, `.json`)",
    )
    shape: Value[str | None] = field(
        Word(tuple(SHAPES)),
        "rows that are conversations already and need no template; lists of turns are recognised, `rows` says no",
    )
    sample: Value[tuple[Decimal, Unit] | None] = field(
        ShareOrRows(), "`10%` or `5000 rows`: a sample by a hash of the content, the same whatever the order"
    )
    seed: Value[int] = field(Whole(at_least(0)), "another seed gives another sample", default=0)
    received: Value[Ref | None] = field(Name("the name of a column"), "the column that holds when a row came")
    policy: Value[Ref | None] = field(Name("the name of a policy"), "the policy that was in force when they were made")
    columns: Columns | None = nested(Columns, "names for fields of the file; a field without one keeps its own")
