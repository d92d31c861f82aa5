"""The form of an answer: lists, headings, highlights, sections, titles, placeholders, JSON. Linear in the answer.

Patterns that would look for an end from every beginning, and so take the square of the length for an answer that never
ends what it begins, are walked line by line instead.
"""

from __future__ import annotations

import re

_HIGHLIGHT = re.compile(r"\*([^\n*]*+)\*")
_STRONG = re.compile(r"\*\*([^\n*]*+)\*\*")
_FENCES = ("```json", "```Json", "```JSON", "```")
CONSTRAINED = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def has_bullets(answer: str, *, num_bullets: int) -> bool:
    """Exactly so many lines that begin with ``-``, or with ``*`` and no second one. A rule ``---`` is one too."""
    lines = [line.lstrip() for line in answer.split("\n")]
    return sum(line.startswith("-") for line in lines) + _stars(lines) == num_bullets


def _stars(lines: list[str]) -> int:
    """A ``*`` alone makes one bullet with the line below it, whatever that is, as published."""
    found, rest = 0, iter(lines)
    for line in rest:
        if line.startswith("*"):
            found += next(rest, None) is not None if line == "*" else line[1] != "*"
    return found


def has_highlights(answer: str, *, num_highlights: int) -> bool:
    """At least so many ``*highlights*`` or ``**highlights**`` with something in them, each within a line."""
    found = [*_HIGHLIGHT.finditer(answer), *_STRONG.finditer(answer)]
    return sum(1 for match in found if match[1].strip()) >= num_highlights


def has_sections(answer: str, *, section_spliter: str, num_sections: int) -> bool:
    """At least so many headings: the word as it is written, then a number."""
    heading = re.compile(rf"{re.escape(section_spliter.strip())}\s?\d")
    return sum(1 for _ in heading.finditer(answer)) >= num_sections


def has_title(answer: str) -> bool:
    """``<<title>>`` with something in it, within a line."""
    for line in answer.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if start >= 0 and end > start + 2 and line[start : end + 2].lstrip("<").rstrip(">").strip():
            return True
    return False


def has_placeholders(answer: str, *, num_placeholders: int) -> bool:
    """At least so many ``[placeholders]``, each within a line; ``[]`` is one too."""
    return sum(map(_placeholders, answer.split("\n"))) >= num_placeholders


def _placeholders(line: str) -> int:
    found, start = 0, line.find("[")
    while start >= 0 and (end := line.find("]", start)) >= 0:
        found, start = found + 1, line.find("[", end)
    return found


def is_json(answer: str) -> bool:
    """The answer is one JSON value, as ``valid_json`` says, by itself or in a fence of three backticks."""
    from runtime.metrics.json_values import INVALID, parsed

    text = answer.strip()
    for fence in _FENCES:
        text = text.removeprefix(fence)
    return parsed(text.removesuffix("```").strip()) is not INVALID


def is_constrained(answer: str) -> bool:
    """One of the three sentences occurs, as it is written."""
    return any(sentence in answer for sentence in CONSTRAINED)


def has_two_responses(answer: str) -> bool:
    """Two different texts with six asterisks between them; empty ones are allowed before and after only."""
    parts = [part.strip() for part in answer.split("******")]
    if not all(parts[1:-1]):
        return False
    there = [part for part in parts if part]
    return len(there) == 2 and there[0] != there[1]
