"""The table of lints in ``docs/lints.md``, so that it says what the code does.

``python -m compiler.lints.table`` writes it into the page; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from compiler.lints.registry import ADOPTED, LINTS

PAGE = Path(__file__).parents[2] / "docs" / "lints.md"
BEGIN, END = "<!-- lints: python -m compiler.lints.table -->\n", "<!-- end of lints -->\n"


def lint_table() -> str:
    """All lints with their levels and reasons, as Markdown."""
    rows = [
        f"| `{lint.name}` | {lint.code} | `{lint.default}` | {_what(lint.find.__module__)} | {lint.why} |"
        for lint in LINTS
    ]
    rows += [
        f"| `{name}` | {code} | `warn` | a warning of another pass | see `sft explain {code}` |"
        for name, code in ADOPTED.items()
    ]
    return "| name | code | default | what it finds | why |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _what(module: str) -> str:
    """The first sentence of the lint's own file."""
    from importlib import import_module

    first = (import_module(module).__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return first[:1].lower() + first[1:].rstrip(".")


def with_table(text: str) -> str:
    """The page with the table as it is now."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + lint_table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
