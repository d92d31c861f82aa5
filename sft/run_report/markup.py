"""HTML from values: what is text is escaped where it is put in, so that no caller can forget it.

``el`` makes an element; its children are texts, which are escaped and have control characters shown as symbols, or
``Markup``, which is the result of another ``el``. Nothing else makes markup, and there is no template that data could
break out of. Attributes are escaped as well, and none of them is ever ``style`` or a handler: the page forbids both.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from spec_lang.plain_text import visible

VOID = frozenset({"meta", "br"})
CUT = 4_000  # characters of a text that are shown


class Markup(str):
    """A text that is HTML already. Only this module makes one."""

    __slots__ = ()


Child = str | Iterable["Markup"] | None


def el(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """``el("td", "<b>", class_="n")`` is ``<td class="n">&lt;b&gt;</td>``. None and False are left out."""
    given = "".join(
        f" {_named(key)}" if value is True else f' {_named(key)}="{escape(visible(_plain(value)))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Texts and elements one after the other."""
    return Markup("".join(_child(child) for child in children))


def text(value: str, most: int = CUT) -> Markup:
    """A text with its line breaks; a long one is cut, and says so."""
    cut = value[:most]
    more = f" … ({len(value) - len(cut):,} characters more)" if len(value) > len(cut) else ""
    return Markup(escape(visible(cut, newlines=True) + more))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names with their values, each pair kept together."""
    return el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in pairs))


def prose(value: str) -> Markup:
    """A sentence of ours, in which what stands between backticks is code."""
    parts = value.split("`")
    if len(parts) % 2 == 0:  # one of them is part of a text
        return joined(value)
    return joined(*(el("code", part) if at % 2 else part for at, part in enumerate(parts)))


def head_row(columns: Iterable[str], *right: int) -> Markup:
    """The head of a table; ``right`` are the positions of columns with numbers."""
    return el("tr", *(el("th", name, class_="n" if at in right else None) for at, name in enumerate(columns)))


def style_sheet(css: str) -> Markup:
    """The one style sheet of a page; a file of this package, never data."""
    return Markup(f"<style>{css}</style>")


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(visible(child, newlines=True))
    return "".join(child)


def _named(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _plain(value: str | int | float | bool) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
