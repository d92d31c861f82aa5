"""A placeholder of a column that holds lists or objects in some rows and texts or other scalars in others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.lints.lint import Facts, Finding, Lint
from compiler.resolved import ResolvedSource
from compiler.world import ColumnType

_WORDS: Mapping[ColumnType, str] = {
    "text": "texts",
    "number": "numbers",
    "bool": "truth values",
    "list": "lists",
    "json": "objects",
}


def _find(facts: Facts) -> Iterator[Finding]:
    for template in facts.own(facts.spec.templates):
        sources = [source for source in facts.shown_rows.get(template, ()) if source is not None]
        for name, span in dict(template.placeholders).items():
            source = next((source for source in sources if kinds_of(name, source)), None)
            if source is None:
                continue
            kinds = [_WORDS[kind] for kind in kinds_of(name, source)]
            held = f"{', '.join(kinds[:-1])} and {kinds[-1]}"
            json = " and ".join(_WORDS[kind] for kind in kinds_of(name, source) if kind in ("list", "json"))
            yield Finding(
                f"column `{name}` of source `{source.name}` holds {held}, and template `{template.name}` takes it for "
                "text",
                span,
                f"make its values alike in the file; until then the {json} stand there as JSON",
            )


def kinds_of(name: str, source: ResolvedSource) -> Sequence[ColumnType]:
    """The types of what a column holds, where it is a field of the file that holds lists or objects beside others."""
    if source.facts is None or source.columns.get(name) != "json":
        return ()
    return source.facts.mixed.get(source.mapping.get(name, ""), ())


LINT = Lint(
    "SFT0728",
    "mixed_column",
    "warn",
    "the few rows that differ are usually a mistake of the file, and a model learns to write their brackets",
    _find,
)
