"""``feedback``: what users sent back, which enters data only with consent, time and the policy of that time."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, nested, required
from compiler.schema.source import Columns
from compiler.schema.values import Name, Text
from spec_lang.ast import Ref


class Feedback(Shape):
    path: Value[str | None] = required(Text(), "the file, relative to the spec: JSONL, JSON, CSV or Parquet")
    consent: Value[Ref | None] = required(
        Name("the name of a column"), "the column that is true where the user agreed; other rows are left out"
    )
    received: Value[Ref | None] = required(Name("the name of a column"), "the column that holds when it came")
    policy: Value[Ref | None] = required(Name("the name of a policy"), "the policy that was in force")
    into: Value[Ref | None] = required(
        Name("the name of a source"), "the source that gets a new version, with the difference told"
    )
    columns: Columns | None = nested(Columns, "names for fields of the file; a field without one keeps its own")
