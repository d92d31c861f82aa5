"""A small TextMate engine: enough to colour a spec as an editor does, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass
class Rule:
    scope: str
    start: re.Pattern[str]
    end: re.Pattern[str] | None
    captures: dict[int, str]
    inside: list[Rule]


def rules(patterns: list[dict[str, Any]]) -> list[Rule]:
    return [
        Rule(
            item.get("name", ""),
            re.compile(item.get("match") or item["begin"]),
            re.compile(item["end"]) if "end" in item else None,
            {int(number): capture["name"] for number, capture in item.get("captures", {}).items()},
            rules(item.get("patterns", [])),
        )
        for item in patterns
    ]


def scopes(grammar: dict[str, Any], text: str) -> list[str]:
    """The innermost scope of every character; what no pattern takes has an empty one."""
    top = rules(grammar["patterns"])
    found = [""] * len(text)
    open_rule: Rule | None = None
    offset = 0
    for line in text.splitlines(keepends=True):
        at = 0
        while at < len(line):
            at, open_rule = _step(line, at, offset, open_rule, top, found)
        offset += len(line)
    return found


def _step(
    line: str, at: int, offset: int, open_rule: Rule | None, top: list[Rule], found: list[str]
) -> tuple[int, Rule | None]:
    """The nearest match of the line; the first rule wins among equals, and the end of what is open before all."""
    inside = open_rule.inside if open_rule else top
    matches = [
        (match.start(), number, match, rule)
        for number, rule in enumerate(inside)
        if (match := rule.start.search(line, at))
    ]
    if open_rule is not None and open_rule.end is not None and (match := open_rule.end.search(line, at)):
        matches.append((match.start(), -1, match, open_rule))
    base = open_rule.scope if open_rule else ""
    if not matches:
        _paint(found, offset + at, offset + len(line), base)
        return len(line), open_rule
    _, number, match, rule = min(matches, key=lambda item: item[:2])
    _paint(found, offset + at, offset + match.start(), base)
    _paint(found, offset + match.start(), offset + match.end(), rule.scope or base)
    for group, scope in rule.captures.items():
        _paint(found, offset + match.start(group), offset + match.end(group), scope)
    if number == -1:
        return max(match.end(), at + (match.end() == at and match.end() < len(line) and line[at] == "\n")), None
    return max(match.end(), at + 1 if match.end() == match.start() else 0), rule if rule.end else open_rule


def _paint(found: list[str], start: int, end: int, scope: str) -> None:
    found[start:end] = [scope] * (end - start)
