"""Write the parts of ``language.md`` that the compiler's own tables hold: fields of every block, and the functions.

``python docs/make_language.py`` rewrites what stands between the markers and leaves the prose alone; a test holds the
page to what this writes. So a field cannot be added without its line in the reference.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("language.md")
sys.path.insert(0, str(PAGE.parent.parent))


def rewritten(page: str) -> str:
    """The page with everything between markers as the tables have it now."""
    from compiler.schema.catalogue import BLOCKS, LATER_KINDS

    made = {"functions": "\n".join(_functions()), "later": "\n".join(_later())}
    for kind, shape in BLOCKS.items():
        made[kind] = "\n".join(_body(shape, ""))
    for kind, missing in LATER_KINDS.items():
        made[kind] = f"Checked like every block, and not run yet: {missing} is missing.\n\n{made[kind]}"
    for name, text in made.items():
        pattern = rf"(<!-- made: {name} -->\n).*?(<!-- /made -->)"
        page, count = re.subn(pattern, lambda m, text=text: f"{m[1]}\n{text}\n\n{m[2]}", page, flags=re.DOTALL)
        assert count == 1, f"the page has {count} places for {name}"
    return page


def _functions() -> Iterator[str]:
    from compiler.functions import FUNCTIONS

    yield "| function | gives | for example |"
    yield "|---|---|---|"
    for function in FUNCTIONS.values():
        yield f"| `{_cell(function.signature)}` | {_cell(function.doc)} | {_cell(function.shown_example)} |"


def _later() -> Iterator[str]:
    """What is checked and cannot run yet, by where it stands."""
    from compiler.functions.metrics import LATER_METRICS
    from compiler.schema import fields
    from compiler.schema.catalogue import BLOCKS, LATER_ENTRIES, LATER_KINDS
    from compiler.schema.scorers import LATER_SCORERS

    yield "| in | checked, and not run yet |"
    yield "|---|---|"
    yield f"| blocks | {_listed(LATER_KINDS)} |"
    for kind, shape in BLOCKS.items():
        if kind not in LATER_KINDS:
            specs = fields.specs(shape).items()
            types = [(fields.spelled(name), spec.type) for name, spec in specs if isinstance(spec, fields.FieldSpec)]
            values = [f"{name} = {tag}" for name, type in types for tag in getattr(type, "later", ())]
            if found := [*values, *LATER_ENTRIES.get(kind, ())]:
                yield f"| `{kind}` | {_listed(found)} |"
    yield f"| metrics | {_listed(f'{name}()' for name in LATER_METRICS)} |"
    yield f"| scorers | {_listed(f'{name}(…)' for name in LATER_SCORERS)} |"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _body(shape: type[Any], margin: str) -> Iterator[str]:
    """One line an entry; nested blocks and tagged values are indented below theirs."""
    from compiler.editor import descriptions
    from compiler.extends import EXTENDS, KINDS, OVERRIDE
    from compiler.schema import fields
    from compiler.schema.catalogue import BLOCKS
    from compiler.schema.tagged import OneOf

    if not margin and shape in [BLOCKS[kind] for kind in KINDS]:
        yield f"- `{EXTENDS}`: {descriptions.EXTENDING[EXTENDS]}"
        yield f"- `{OVERRIDE} {{ … }}`: {descriptions.EXTENDING[OVERRIDE]}"
    for name, spec in fields.specs(shape).items():
        match spec:
            case fields.FieldSpec(type=type):
                yield f"{margin}- `{fields.spelled(name)}`{_required(spec)}: {spec.doc}"
                if isinstance(type, OneOf):
                    for tag, inner in type.tags.items():
                        yield f"{margin}  - `{fields.spelled(name)} = {tag}{' { … }' if inner else ''}`"
                        if inner:
                            yield from _body(inner, margin + "    ")
                else:
                    words = getattr(type, "choices", ())
                    if words:
                        yield f"{margin}  - one of {', '.join(f'`{word}`' for word in words)}"
            case fields.NestedSpec(shape=inner):
                yield f"{margin}- `{fields.spelled(name)} {{ … }}`: {spec.doc}"
                yield from _body(inner, margin + "  ")
            case fields.BlocksSpec(word=word) if word:
                yield f"{margin}- `{spec.head} {{ … }}`: {spec.doc}"
            case fields.OthersSpec():
                yield f"{margin}- `NAME = …`: {spec.what}"
            case fields.RulesSpec(verbs=verbs):
                for verb, clauses in verbs.items():
                    takes = "".join(f" `{word}`" for word in clauses.words)
                    example = f", for example `{clauses.example}`" if clauses.example else ""
                    yield f"{margin}- `{verb}` rules{example}" + (f"; clauses:{takes}" if takes else "")
            case fields.NamedSpec(word=word):
                yield f"{margin}- `{word} NAME = …`"


def _required(spec: Any) -> str:
    instead = " or ".join(f"`{name}`" for name in spec.unless)
    return f" (required without {instead})" if instead else " (required)" if spec.required else ""


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", r"\n")


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
