"""The line of a list of items: what is chosen, how many there are of each outcome and cause, which filters are on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.cause_queries import Cause
from tui.formats import count
from tui.item_filters import Listed, PredictionFilter
from tui.item_order import OUTCOMES, Outcome
from tui.side_queries import Side
from tui.view_models.predictions import outcome_name


@dataclass(frozen=True)
class Tab:
    """One outcome: its name, how many, and whether it is the one on show."""

    title: str
    here: bool


@dataclass(frozen=True)
class FilterLine:
    """``chosen`` are (key, name, value); ``on`` are the filters that leave items out, as (key, name, value)."""

    chosen: tuple[tuple[str, str, str], ...]
    tabs: tuple[Tab, ...]
    on: tuple[tuple[str, str, str], ...]


def filter_line(chosen: PredictionFilter, found: Listed, side: Side | None) -> FilterLine:
    pairs = [("e", "eval", chosen.eval), ("m", "model", chosen.model)]
    pairs.append(("v", "beside", side.title if side is not None else "none"))
    pairs += [("c", "metric", chosen.metric or "none"), ("t", "template", chosen.template or "all")]
    flips = found.ranked.flips
    present = [name for name in OUTCOMES if name in ("all", chosen.outcome) or found.counts[name]]
    tabs = [Tab(f"{count(found.counts[name])} {outcome_name(name, flips)}", name == chosen.outcome) for name in present]
    on = [
        ("s", chosen.slice or "", chosen.slice_value or "") if chosen.slice else None,
        ("w", "because", chosen.cause) if chosen.cause else None,
        ("/", "text", chosen.text) if chosen.text else None,
        ("f", "where", chosen.condition) if chosen.condition else None,
        ("d", "marked", "items") if chosen.marked else None,
        ("u", "tag", chosen.tag) if chosen.tag is not None else None,
    ]
    return FilterLine(tuple(pairs), tuple(tabs), tuple(one for one in on if one is not None))


def cause_line(causes: Mapping[Cause, int], most: int = 4) -> str:
    """``wrong value 31 · truncated 12 · 2 more causes``."""
    named = [f"{cause} {count(items)}" for cause, items in list(causes.items())[:most]]
    more = len(causes) - len(named)
    return " · ".join([*named, *([f"{more} more"] if more else [])])


def next_outcome(now: Outcome, counts: Mapping[Outcome, int]) -> Outcome:
    """The next outcome that some item has; all in any case."""
    present: list[Outcome] = [name for name in OUTCOMES if name == "all" or counts.get(name)]
    place = present.index(now) if now in present else -1
    return present[(place + 1) % len(present)]


def answer_settings(plan: Mapping[str, Any], eval_name: str, model: str, template: str) -> tuple[tuple[str, str], ...]:
    """How a model was asked: decoding, precision, weights and chat template, from the plan's predict step."""
    wanted = {"eval": eval_name, "model": model, "template": template}
    for step in plan.get("steps", ()):
        labels = step.get("local", {}).get("labels", {})
        if step.get("kind") != "predict" or any(labels.get(name) != value for name, value in wanted.items()):
            continue
        params, local, content = step.get("params", {}), step.get("local", {}), step.get("content", {})
        decode = params.get("decode") or {}  # of recorded answers: where they are, of which most is no setting
        found = [(name.replace("_", " "), str(v)) for name, v in decode.items() if isinstance(v, str | int | float)]
        found += [("answers an item", str(params["samples"]))] if params.get("samples", 1) != 1 else []
        found += [("precision", str(params["precision"]))] if "precision" in params else []
        found += [("weights", str(local["weights"]))] if local.get("weights") else []
        found += [("trained by", labels["train"])] if labels.get("train") else []
        if "chat_template" in content:
            found.append(
                ("chat template", str(local.get("chat_template") or f"the model's, {content['chat_template'][:8]}"))
            )
        return tuple(found)
    return ()


def without_filters(chosen: PredictionFilter) -> PredictionFilter:
    """The same items without anything that leaves some out."""
    own = (chosen.eval, chosen.model, chosen.baseline, chosen.metric, chosen.template)
    return PredictionFilter(*own, base_run=chosen.base_run, renamed=chosen.renamed)
