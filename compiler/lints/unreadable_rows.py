"""A source with lines that cannot be read, which a run leaves out and enters in the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    for source in facts.own(facts.spec.sources):
        if source.facts is None or not source.facts.unreadable:
            continue
        bad, all_of_them = source.facts.unreadable, source.facts.rows + source.facts.unreadable
        rows = "rows" if source.facts.format in ("json", "parquet") else "lines"
        yield Finding(
            f"{bad:,} of {all_of_them:,} {rows} of source `{source.name}` cannot be read",
            source.block.path.span,
            "mend them in the file; after a run `sft show ledger` says which they are and what is wrong with each",
        )


LINT = Lint(
    "SFT0736",
    "unreadable_rows",
    "warn",
    "nobody misses a row that was never read",
    _find,
)
