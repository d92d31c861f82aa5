"""What to show of a view of ``sft show``, and names in it that have to exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from spec_lang.suggest import closest


@dataclass(frozen=True)
class Filters:
    """What to show of a view. Names are those of the spec; ``step`` is a step id, ``rule`` a rule of it as
    :func:`shown_rule` has it."""

    step: str | None = None
    rule: str | None = None
    eval: str | None = None
    model: str | None = None
    template: str | None = None
    metric: str | None = None
    all: bool = False
    limit: int = 20


def shown_rule(rule: str) -> str:
    """A rule of the ledger as people count: its position from 1, as in the spec and in `sft explain`, or its name."""
    return str(int(rule) + 1) if rule.isdecimal() else rule


def known_name(name: str | None, options: Sequence[str], what: str) -> None:
    if name is not None and name not in options:
        near = closest(name, sorted(options))
        hint = f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(dict.fromkeys(options)) or 'none'}"
        raise fatal("SFT0910", f"this run has no {what} `{visible(name)}`", hint)
