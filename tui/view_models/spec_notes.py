"""What came of each line of a spec: how a step stands, how many rows a rule dropped, what a metric measured.

The plan tells for every step where its block stands and on which line each of its fields and rules
(``local.lines``), so nothing is guessed from the text. A line may have results of several steps: a filter that two
tasks use counts twice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tui.formats import count, duration, estimate, number, share, times
from tui.metric_queries import MetricRow
from tui.mixture_queries import MixtureRow
from tui.queries import StepRow
from tui.score_queries import ScoreRow
from tui.view_models.data import FunnelLine
from tui.view_models.data_parts import PART_OF_KIND
from tui.view_models.runs import STATE_MARKS, VIEW_OF_KIND
from tui.view_models.verdicts import BADGES, Requirement

Look = Literal["text", "faint", "good", "bad", "unsure", "accent", "running"]
Spot = tuple[str, int]  # path and line
_VERDICT_LOOKS: Mapping[str, Look] = {"pass": "good", "fail": "bad", "inconclusive": "unsure"}
_STATE_LOOKS: Mapping[str, Look] = {"failed": "bad", "interrupted": "unsure", "running": "running", "done": "good"}
# Of the steps that stand behind one block, the one that says what the block did.
_TELLING = ("gate", "train", "measure", "mix", "split", "generate", "select", "score", "judge", "filter", "ingest")


@dataclass(frozen=True)
class Opens:
    """What Enter opens at a line: a view of the run at a step, a part of the data, the drops of a rule, or the items of
    a requirement of a gate. ``metric`` is the metric, or the score, that the line is about."""

    view: str
    step_id: str
    part: str | None = None
    rule: str | None = None
    requirement: int | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Beside:
    """What stands beside a line. ``owner`` is the step, model or task that it is of, where a line has several."""

    text: str
    look: Look
    owner: str = ""


@dataclass(frozen=True)
class Results:
    """Everything that a run has by now, as the other views have it. ``shares`` is how far running steps are."""

    plan: Mapping[str, Any]
    steps: Mapping[str, StepRow]
    funnel: Sequence[FunnelLine]
    metrics: Sequence[MetricRow]
    requirements: Sequence[Requirement]
    mixtures: Sequence[MixtureRow]
    scores: Sequence[ScoreRow]
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Notes:
    """By place: what stands beside a line, and what Enter opens there (the first that is said of it)."""

    beside: dict[Spot, list[Beside]] = field(default_factory=dict)
    opens: dict[Spot, Opens] = field(default_factory=dict)

    def put(self, spot: Spot | None, beside: Beside | None, opens: Opens | None = None) -> None:
        if spot is None:
            return
        if beside is not None:
            self.beside.setdefault(spot, []).append(beside)
        if opens is not None:
            self.opens.setdefault(spot, opens)


def notes(results: Results) -> Notes:
    """What stands beside the lines of all files of the spec."""
    found, heads = Notes(), dict[Spot, list[dict[str, Any]]]()
    for step in results.plan.get("steps", ()):
        if "place" not in step:
            continue
        heads.setdefault(_spot(step, None) or ("", 0), []).append(step)
        teller = _TELLERS.get(step["kind"])
        if teller is not None:
            teller(step, results, found)
    for spot, steps in heads.items():
        _head(spot, steps, results, found)
    return found


def _spot(step: Mapping[str, Any], entry: str | None) -> Spot | None:
    """Where a step's block stands, or an entry of it; None for an entry that was not written."""
    place, local = step["place"], step["local"]
    if entry is None:
        return place["path"], place["line"]
    line = local.get("lines", {}).get(entry)
    return None if line is None else (local.get("files", {}).get(entry, place["path"]), line)


def _id(step: Mapping[str, Any]) -> str:
    return f"{step['kind']}:{step['name']}"


# --- blocks -------------------------------------------------------------------------------------


def _head(spot: Spot, steps: Sequence[dict[str, Any]], results: Results, found: Notes) -> None:
    """How the steps of a block stand together, and what the telling one of them did."""
    rows = [row for step in steps if (row := results.steps.get(_id(step))) is not None]
    if not rows:
        return
    kinds = [step["kind"] for step in steps]
    kind = next((one for one in _TELLING if one in kinds), kinds[0])
    telling = [row for row in rows if row.kind == kind]
    found.put(spot, _standing(rows, telling, results))
    if kind == "gate" and telling[0].status in ("done", "cached"):
        worst = telling[0].summary.get("verdict")
        if isinstance(worst, str):
            found.put(spot, Beside(f"{BADGES.get(worst, '?')} {worst}", _VERDICT_LOOKS.get(worst, "text")))
    view = VIEW_OF_KIND.get(kind, "run")
    part = PART_OF_KIND.get(kind, "funnel" if view == "data" else None)
    found.opens.setdefault(spot, Opens(view, telling[0].step_id, part=part))


def _standing(rows: Sequence[StepRow], telling: Sequence[StepRow], results: Results) -> Beside:
    for status in ("running", "failed", "interrupted"):
        row = next((row for row in rows if row.status == status), None)
        if row is not None:
            far = results.shares.get(row.step_id) if status == "running" else None
            part = "" if far is None else f" {far:.0%}"
            why = f": {row.error}" if row.error else ""
            name = "" if len(rows) == 1 else f" {row.kind} {row.name}"
            return Beside(f"{STATE_MARKS[status]} {status}{name}{part}{why}", _STATE_LOOKS[status])
    ended = [row for row in rows if row.status in ("done", "cached")]
    if len(ended) < len(rows):
        skipped = all(row.status == "skipped" for row in rows if row not in ended)
        word = "skipped" if skipped else "pending"
        many = f" · {len(ended)} of {len(rows)} steps done" if ended else ""
        return Beside(f"{STATE_MARKS[word]} {word}{many}", "faint")
    cached = all(row.status == "cached" for row in rows)
    took = "unchanged" if cached else duration(sum(row.seconds or 0.0 for row in rows if row.status == "done"))
    facts = [fact for fact in (_did(telling), took) if fact]
    return Beside(f"{STATE_MARKS['cached' if cached else 'done']} {' · '.join(facts)}", "faint" if cached else "good")


def _did(rows: Sequence[StepRow]) -> str:
    """What a step that ended did, in a few words."""
    row = rows[0]
    if row.kind == "train":
        loss, validation = row.summary.get("last_loss"), row.summary.get("validation_loss")
        told = [f"{count(row.summary.get('steps'))} steps"] if isinstance(row.summary.get("steps"), int) else []
        told += [f"loss {number(loss)}"] if isinstance(loss, float) else []
        told += [f"validation {number(validation)}"] if isinstance(validation, float) else []
        return ", ".join(told)
    if row.kind in ("ingest", "filter"):
        kept = [f"{count(one.rows_out)} of {count(one.rows_in)} rows" for one in rows if one.rows_in is not None]
        return kept[0] if len(kept) == 1 else f"{len(kept)} times"
    if row.kind == "measure":
        return f"{count(row.rows_in)} answers"
    if row.kind == "generate":
        return f"{count(row.rows_out)} accepted of {count(row.rows_in)}"
    if row.kind in ("mix", "split", "score"):
        return f"{count(row.rows_out)} rows"
    if row.kind == "select" and isinstance(row.summary.get("round"), int):
        return f"round {row.summary['round']} chosen"
    return ""


# --- lines of blocks ------------------------------------------------------------------------------


def _rules(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    """What each rule of a filter dropped of the rows that came to it."""
    for line in results.funnel:
        if line.step_id == _id(step) and line.rule is not None and line.entering is not None:
            lost = line.dropped or 0
            text = f"{count(lost) if lost else 'none'} of {count(line.entering)} dropped"
            part = f" ({share(lost, line.entering)})" if lost else ""
            beside = Beside(text + part, "accent" if lost else "faint", step["name"])
            found.put(_spot(step, f"rules.{line.rule}"), beside, Opens("data", line.step_id, rule=line.rule))


def _split(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    row = results.steps.get(_id(step))
    parts = row.summary.get("parts") if row is not None else None
    if isinstance(parts, dict):
        text = ", ".join(f"{name} {count(rows)}" for name, rows in parts.items() if isinstance(rows, int))
        found.put(_spot(step, "split"), Beside(text, "text", step["name"]), Opens("data", _id(step), "funnel"))


def _render(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    """How many rows each template rendered."""
    row = results.steps.get(_id(step))
    rows = row.summary.get("templates") if row is not None else None
    for at in range(len(step["local"].get("templates", ()))):
        spot = _spot(step, f"templates.{at}")
        opens = Opens("data", _id(step), part="templates")
        if isinstance(rows, list) and at < len(rows):
            found.put(spot, Beside(f"{count(rows[at])} rows", "text", step["name"]), opens)
        else:
            found.put(spot, None, opens)


def _mix(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    """What each use gives: its share of the mixture as it is, beside what was wanted."""
    by_role = {row.part: row for row in results.mixtures if row.step_id == _id(step)}
    total = sum(row.realised for row in by_role.values())
    for at, part in enumerate(step["params"].get("parts", ())):
        rows = [by_role[role] for role in _roles(part) if role in by_role]
        if rows:
            realised, wanted = sum(row.realised for row in rows), sum(row.wanted for row in rows)
            text = f"{count(realised)} rows, {share(realised, total)} (wanted {number(wanted)})"
            most = max(row.repeats for row in rows)
            text += f", each {times(most)}" if most > 1 else ""
            found.put(_spot(step, f"parts.{at}"), Beside(text, "text"), Opens("data", _id(step), part="mixtures"))


def _roles(part: Mapping[str, Any]) -> Iterator[str]:
    if part.get("input") is not None:
        yield part["input"]
    for inner in (part.get("mixture") or {}).get("parts", ()):
        yield from _roles(inner)


def _score(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    for row in results.scores:
        if row.step_id == _id(step):
            middle = number(row.quantiles[2]) if row.quantiles else "–"
            none = row.rows - row.measured
            text = f"median {middle}, n={count(row.measured)}" + (f", {count(none)} without" if none else "")
            opens = Opens("data", _id(step), part="thresholds", metric=row.score)
            found.put(_spot(step, f"scores.{row.score}"), Beside(text, "text", step["name"]), opens)


def _measure(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    """The value of each metric for every model: over all templates and all items."""
    name = step["local"].get("labels", {}).get("eval", step["name"])
    whole = [row for row in results.metrics if row.eval == name and row.slice == "*"]
    for metric in dict.fromkeys(row.metric for row in whole):
        spot, opens = _spot(step, f"metric {metric}"), Opens("predictions", _id(step), metric=metric)
        for model in dict.fromkeys(row.model for row in whole if row.metric == metric):
            rows = [row for row in whole if (row.metric, row.model) == (metric, model)]
            row = next((row for row in rows if row.template == "*"), rows[0])
            shown = estimate(row.estimate, row.low, row.high, row.unit)
            missing = f", {count(row.missing)} missing" if row.missing else ""
            found.put(spot, Beside(f"{shown} n={count(row.n)}{missing}", "text", model), opens)
    sliced = [row for row in results.metrics if row.eval == name and row.slice != "*"]
    for slice in dict.fromkeys(row.slice for row in sliced):
        values = {row.slice_value for row in sliced if row.slice == slice}
        found.put(_spot(step, f"slice {slice}"), Beside(f"{count(len(values))} values", "text"))


def _gate(step: Mapping[str, Any], results: Results, found: Notes) -> None:
    for row in results.requirements:
        if row.gate == step["name"] and row.part == 0:
            shown = f" {row.shown}" if row.estimate is not None else ""
            n = f" n={count(row.n)}" if row.n else ""
            beside = Beside(f"{row.badge} {row.verdict}{shown}{n}", _VERDICT_LOOKS.get(row.verdict, "text"))
            opens = Opens("verdicts", _id(step), requirement=row.requirement)
            found.put(_spot(step, f"requirements.{row.requirement}"), beside, opens)


_TELLERS = {
    "filter": _rules,
    "split": _split,
    "render": _render,
    "mix": _mix,
    "score": _score,
    "measure": _measure,
    "gate": _gate,
}
