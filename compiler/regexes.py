"""Regular expressions in RE2's syntax, which is what DuckDB runs.

RE2 matches in linear time and for that has no look-around and no back-references.
"""

from __future__ import annotations

from msgspec import Struct

from compiler.re2_syntax import Parser, Refusal


class RegexProblem(Struct, frozen=True):
    """``unsupported`` tells what RE2 leaves out on purpose from what is simply malformed."""

    unsupported: bool
    message: str
    help: str | None = None


def group_count(pattern: str) -> int:
    """How many groups a sound pattern has."""
    parser = Parser(pattern)
    parser.read()
    return parser.groups


def problem(pattern: str) -> RegexProblem | None:
    """Why RE2 would refuse a pattern; None when it will take it."""
    try:
        Parser(pattern).read()
    except Refusal as found:
        message = found.message if found.unsupported else f"the regular expression is malformed: {found.message}"
        return RegexProblem(found.unsupported, message, found.help)
    return None
