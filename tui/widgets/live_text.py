"""The step that runs now in two lines: how far it is with rate and time left, and the newest loss."""

from __future__ import annotations

from rich.text import Text

from spec_lang.plain_text import one_line, visible
from tui.formats import rate
from tui.live import LiveRun
from tui.themes import Ink
from tui.view_models.runs import StepLine

BAR = 24


def now_text(step: StepLine, live: LiveRun | None, ink: Ink, width: int = BAR) -> Text:
    text = Text().append(f"▶ {visible(step.kind)} {visible(step.name)}  ", style=f"bold {ink.primary}")
    text.append_text(bar(step.share, ink.primary, ink.faint, width))
    if step.share is not None:
        text.append(f" {step.share:.0%}", style=ink.text)
    text.append("\n  " + visible(step.note), style=ink.faint)
    point = live.last_point(step.step_id) if live else None
    if point is not None:
        facts = (f"loss {point.loss:.4g}", rate(point.tokens_per_second, "tokens"))
        text.append(" · " + " · ".join(fact for fact in facts if fact), style=ink.accent)
    return text


def between_text(live: LiveRun | None, ink: Ink) -> Text:
    """What a run said last that is in no step: it waits for another run, or begins the next one."""
    note = live.notes[-1] if live is not None and live.notes else "between two steps"
    return Text(one_line(note, 300), style=ink.accent)


def bar(share: float | None, style: str, faint: str, width: int = BAR) -> Text:
    """A progress bar; an unknown share is an empty one."""
    full = round((share or 0.0) * width)
    return Text("━" * full, style=style).append("─" * (width - full), style=faint)
