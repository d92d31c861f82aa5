"""The edits that put in the bracket which is missing, or take out one too many (see `syntax_fixes`)."""

from __future__ import annotations

from spec_lang.diagnostics import Diagnostic, Edit
from spec_lang.source import Span
from spec_lang.syntax_site import VALUE_ENDS, Site
from spec_lang.tokens import Token


def close_bracket(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """``]`` or ``)`` where the line ends; ``}`` where the line of its ``{`` ends, or at the end of the block."""
    assert found.primary is not None
    opening = found.primary.span
    sign = site.file.slice(opening)
    line_end = site.file.text.find("\n", opening.start)
    line_end = len(site.file.text) if line_end < 0 else line_end
    on_line = [token for token in site.segment.tokens if opening.start < token.span.start < line_end]
    last = on_line[-1].span.end if on_line else opening.end
    if sign != "{":
        sound = site.breaks_line() and bool(on_line) and on_line[-1].type in VALUE_ENDS
        called = [token for token in site.segment.tokens if token.span.end == opening.start]
        if sign == "(" and not (called and called[0].type in ("NAME", "QUOTED")):
            sound = sound and not any(token.type in ("AND", "OR") for token in on_line)  # groups otherwise elsewhere
        if sound and sign == "(":
            last = _end_of_argument(site, opening, on_line) or last
        return (Edit(Span(last, last), ")" if sign == "(" else "]"),) if sound else ()
    first = next(token for token in site.segment.tokens if token.type == "LBRACE")
    if first.span == opening:
        end = site.segment.tokens[-1].span.end
        return (Edit(Span(end, end), "\n}"),) if not on_line else ()
    return (Edit(Span(last, last), " }"),) if on_line and on_line[-1].type in VALUE_ENDS else ()


def _end_of_argument(site: Site, opening: Span, behind: list[Token]) -> int | None:
    """Where the only argument of a call ends, when a comparison follows: ``words(instruction in 3..80``."""
    before = [token for token in site.segment.tokens if token.span.end == opening.start]
    ends = [index for index, token in enumerate(behind) if token.type in ("CMP", "IN", "MATCHES")]
    argument = behind[: ends[0]] if ends else []
    simple = argument and all(token.type in ("NAME", "QUOTED", "DOT") for token in argument)
    return argument[-1].span.end if before and before[0].type == "NAME" and simple else None


def remove_brace(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """A lone `}` that closes nothing, with its line."""
    assert found.primary is not None
    if not site.segment.stray or [str(token) for token in site.segment.tokens] != ["}"]:
        return ()
    span = found.primary.span
    line = Span(site.file.text.rfind("\n", 0, span.start) + 1, site.file.text.find("\n", span.end) + 1)
    alone = line.end and site.file.slice(line).strip() == "}"
    return (Edit(line if alone else span, ""),)
