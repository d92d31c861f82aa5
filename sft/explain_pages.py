"""What `sft explain` shows of diagnostics: one page, found by any spelling of its name, or the list of all.

``docs/diagnostics.md`` is the same list; a test holds the file to it (``python -m sft.explain_pages`` prints it).
"""

from __future__ import annotations

import json
from itertools import groupby

from spec_lang import codes

_INTRODUCTION = """\
# Diagnostics

Every finding has a code and a name. `sft explain SFT0204` or `sft explain unknown-field` prints the page of one: what
it means, a spec that has it, and the cure; `sft explain` prints this list. The pages are in
[`spec_lang/codes`](../spec_lang/codes), and tests run what they show.

`sft check --fix FILE` mends in place what can only be meant one way. The last column says `yes` where that is so of the
mistake on the code's page, and `some` where it depends on the mistake. A name is mended when one name alone is near, by
at most two slips; a name of your own that is unknown at several places is not, since its declaration may be what is
misspelt. The file is checked again after every round of edits. Nothing is written that has more errors than before (but
for those that a syntax error hid), that leaves a new error where it edits, or that changes how another line is read;
`--diff` shows the change without writing it. What could be meant in several ways (`1` for a share, a missing field, two
near names) is told and left to you.

`sft check --format json|github|sarif` writes findings for programs: one object a line with `fix` and `related`,
annotations of GitHub Actions, or a SARIF 2.1.0 log for code scanning.

This list is generated from the pages by `python -m sft.explain_pages`.
"""


def code_of(what: str) -> str | None:
    """The code of a code or name in any case; blanks and ``_`` count as ``-``, and ``204`` as ``SFT0204``."""
    spelled = what.strip().upper()
    if spelled.isdecimal() and len(spelled) <= 4:
        spelled = f"SFT{spelled:>04}"
    if spelled in codes.pages():
        return spelled
    named = {codes.name_of(code): code for code in codes.pages()}
    return named.get(what.strip().lower().replace("_", "-").replace(" ", "-"))


def near(what: str) -> tuple[str, ...]:
    """At most two names or codes that ``what`` may stand for."""
    from spec_lang.suggest import closest

    names = closest(what, [codes.name_of(code) for code in codes.pages()], 2)
    return names or closest(what.upper(), codes.pages(), 2)


def record(code: str, *, whole: bool) -> dict[str, str | bool]:
    """A code for programs; ``whole`` with its page."""
    found: dict[str, str | bool] = {"code": code, "name": codes.name_of(code), "group": codes.group_of(code)}
    found |= {"summary": codes.summary(code), "fix": bool(_mended(code))}
    return found | {"page": codes.page(code) or ""} if whole else found


def _mended(code: str) -> str:
    """Whether ``--fix`` mends a code's mistakes: the one on its page, some of them, or none."""
    return "yes" if codes.is_mended(code) else "some" if codes.is_mended_at_times(code) else ""


def list_text() -> str:
    """All codes, a line each, under the headings of their groups."""
    width = max(len(codes.name_of(code)) for code in codes.pages())
    lines: list[str] = []
    for group, members in groupby(codes.pages(), codes.group_of):
        lines += ["", group] if lines else [group]
        lines += [f"  {code}  {codes.name_of(code):<{width}}  {codes.summary(code)}" for code in members]
    return "\n".join(lines) + "\n"


def list_json() -> str:
    """All codes, one object a line."""
    return "".join(json.dumps(record(code, whole=False)) + "\n" for code in codes.pages())


def list_markdown() -> str:
    """The text of ``docs/diagnostics.md``."""
    lines = [_INTRODUCTION]
    for group, members in groupby(codes.pages(), codes.group_of):
        lines += [f"## {group}", "", "| code | name | what it means | `--fix` |", "|---|---|---|---|"]
        for code in members:
            link = f"[{code}](../spec_lang/codes/{codes.pages()[code].name})"
            summary = codes.summary(code).replace("|", "\\|")
            lines.append(f"| {link} | {codes.name_of(code)} | {summary} | {_mended(code)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(list_markdown(), end="")
