"""What is known of the steps of a plan before they run: rows, tokens, and about how long they take.

Rows are exact where the input is in the store, and follow the shares and losses of the last run where it is not.
Time is estimated from the same step's last run, else from steps of its kind that ran before, in proportion to the
rows (times epochs for training); where nothing of the kind has run it is not known, and nothing is made up. One look
into the store, a few milliseconds for a thousand steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from compiler.plan import Plan, Step, StepKind
from compiler.step_params import (
    DecontaminateParams,
    GenerateParams,
    IngestParams,
    MixParams,
    PredictParams,
    Recorded,
    RenderParams,
    SplitParams,
    TrainParams,
)
from runtime.generating.requests_ahead import RequestsAhead, requests_ahead
from runtime.run_record import Result
from runtime.store import Store

LAST_RUN = "its last run"
# Whose time goes with the rows from the first one on.
_BY_MODEL = (StepKind.TRAIN, StepKind.PREDICT, StepKind.LIKELIHOOD, StepKind.GENERATE)
_NO_ROWS = (StepKind.GATE, StepKind.ROUND, StepKind.SELECT)  # what comes into them are no rows
_FARTHEST = 10  # times the rows of an earlier run
# The role that carries the rows; `rows` for all others.
_ROLES = {StepKind.PREDICT: "prompts", StepKind.LIKELIHOOD: "prompts"}


@dataclass(frozen=True)
class StepFacts:
    """``exact`` tells whether the rows that come in are counted or expected; those that go out are counted once the
    step is ``done``. Tokens and seconds are measured then, and before it in proportion to an earlier run; ``basis``
    says which. ``requests`` are those of a generate that has to run."""

    rows_in: int | None = None
    rows_out: int | None = None
    exact: bool = False
    done: bool = False
    tokens: int | None = None
    seconds: float | None = None
    basis: str | None = None
    parts: Mapping[str, int] | None = None
    requests: RequestsAhead | None = None


@dataclass(frozen=True)
class History:
    """What the store knows: results and tokens by hash, and of each kind how many steps ran, their rows and seconds."""

    results: Mapping[str, Result]
    tokens: Mapping[str, int]
    kinds: Mapping[str, tuple[int, int, float]]


def read_history(store: Store, results: Mapping[str, Result]) -> History:
    """The history of a store whose results are read already."""
    kinds = store.query("SELECT kind, count(*), sum(rows_in), sum(seconds) FROM results GROUP BY kind")
    asked = store.query("SELECT step_hash, sum(prompt_tokens + output_tokens) FROM predictions GROUP BY step_hash")
    trained = store.query("SELECT step_hash, sum(tokens) FROM train_steps GROUP BY step_hash")
    tokens = {row[0]: int(row[1]) for row in (*asked, *trained) if row[1] is not None}
    return History(results, tokens, {kind: (n, int(rows), seconds) for kind, n, rows, seconds in kinds})


def nothing_known() -> History:
    return History({}, {}, {})


def plan_facts(
    plan: Plan,
    cached: Iterable[str],
    before: Mapping[str, Step],
    history: History,
    source_rows: Callable[[Step], int | None],
) -> dict[str, StepFacts]:
    """Facts by step id. ``cached`` are hashes; ``before`` maps a step id to the step of the last run that stands for
    it; ``source_rows`` counts the rows of an ingest step's files."""
    whole, facts = frozenset(cached), dict[str, StepFacts]()
    for step in plan.steps:
        result = history.results.get(step.hash) if step.hash in whole else None
        if result is not None:
            facts[step.id] = measured(step, result, history)
        else:
            facts[step.id] = _expected(step, facts, before.get(step.id), history, source_rows)
    return facts


def measured(step: Step, result: Result, history: History) -> StepFacts:
    """What the store has of a finished step."""
    parts = result.summary.get("parts")
    return StepFacts(
        rows_in=result.rows_in,
        rows_out=result.rows_out,
        exact=True,
        done=True,
        tokens=history.tokens.get(step.hash),
        seconds=result.seconds,
        parts=parts if isinstance(parts, dict) else None,
    )


def _expected(
    step: Step,
    facts: Mapping[str, StepFacts],
    before: Step | None,
    history: History,
    source_rows: Callable[[Step], int | None],
) -> StepFacts:
    last = history.results.get(before.hash) if before is not None else None
    rows, exact = _rows_in(step, facts, source_rows)
    if rows is None and last is not None:
        rows = last.rows_in
    left = _rows_out(step, rows, last)
    requests = None
    if isinstance(step.params, GenerateParams):
        read, part = facts[step.inputs["rows"]], step.params.part
        requests = requests_ahead(step.params, read.rows_out if part is None else (read.parts or {}).get(part))
    found = StepFacts(
        rows_in=rows,
        rows_out=left,
        exact=exact,
        tokens=_tokens(step, rows, before, last, history),
        parts=_parts(step, rows, left),
        requests=requests,
    )
    seconds, basis = _time(step, rows, before, last, history)
    return replace(found, seconds=seconds, basis=basis)


def _rows_in(
    step: Step, facts: Mapping[str, StepFacts], source_rows: Callable[[Step], int | None]
) -> tuple[int | None, bool]:
    """Rows that come in, and whether they are counted."""
    if step.kind is StepKind.INGEST:
        counted = source_rows(step)
        sample = step.params.sample if isinstance(step.params, IngestParams) else None
        if sample is None or counted is None:
            return counted, counted is not None
        return (min(counted, sample.rows) if sample.rows is not None else round(counted * (sample.share or 0))), False
    if step.kind in (*_NO_ROWS, StepKind.GENERATE):  # what comes into a generate are candidates
        return None, False
    if step.kind in (StepKind.MEASURE, StepKind.MIX):
        roles = list(step.inputs) if isinstance(step.params, MixParams) else _cells(step)
        inputs = [facts[step.inputs[role]] for role in roles]
        counts = {role: fact.rows_out for role, fact in zip(roles, inputs, strict=True) if fact.rows_out is not None}
        if len(counts) < len(inputs):
            return None, False
        rows = _drawn(step.params, counts) if isinstance(step.params, MixParams) else sum(counts.values())
        return rows, all(fact.done for fact in inputs)
    decode = step.params.decode if isinstance(step.params, PredictParams) else None
    recorded = decode if isinstance(decode, Recorded) else None
    above = facts[step.inputs["rows" if recorded is not None else _ROLES.get(step.kind, "rows")]]
    part = step.params.part if isinstance(step.params, RenderParams | DecontaminateParams) else None
    part = recorded.part if recorded is not None else part
    rows = above.rows_out if part is None else (above.parts or {}).get(part)
    return rows, above.done and rows is not None


def _cells(step: Step) -> list[str]:
    return [role for role in step.inputs if role.startswith("cell:")]


def _drawn(params: MixParams, available: dict[str, int]) -> int | None:
    """Rows that a mixture takes; None where no task has any."""
    from runtime.apportionment import total_rows

    return total_rows(params, available) if any(available.values()) else None


def _rows_out(step: Step, rows: int | None, last: Result | None) -> int | None:
    if rows is None or isinstance(step.params, MixParams) or last is None or not last.rows_in:
        return rows
    return round(rows * last.rows_out / last.rows_in)


def _parts(step: Step, rows: int | None, left: int | None) -> dict[str, int] | None:
    """Rows of a split that has not run, by its shares; a decontaminated part is what is left of it."""
    if left is not None and isinstance(step.params, DecontaminateParams) and step.params.part is not None:
        return {step.params.part: left}
    if rows is None or not isinstance(step.params, SplitParams):
        return None
    return {part.name: round(rows * part.share) for part in step.params.parts}


# --- time -------------------------------------------------------------------------------------------


def _time(
    step: Step, rows: int | None, before: Step | None, last: Result | None, history: History
) -> tuple[float | None, str | None]:
    if before is not None and last is not None:
        growth = _growth(step, rows, before, last)
        return (None, None) if _out_of_range(step, growth) else (last.seconds * growth, LAST_RUN)
    steps, all_rows, all_seconds = history.kinds.get(str(step.kind), (0, 0, 0.0))
    if not steps:
        return None, None
    basis = f"{steps} earlier {step.kind} step{'s' * (steps != 1)}"
    if step.kind in _NO_ROWS:
        return all_seconds / steps, basis
    if rows is None or not all_rows:
        return None, None
    growth = rows * steps / all_rows
    return (None, None) if _out_of_range(step, growth) else (all_seconds / steps * growth, basis)


def _out_of_range(step: Step, growth: float) -> bool:
    """Whether an earlier run says nothing of this one: on few rows a relational step takes what starting it takes."""
    return step.kind not in _BY_MODEL and growth > _FARTHEST


def _tokens(step: Step, rows: int | None, before: Step | None, last: Result | None, history: History) -> int | None:
    known = history.tokens.get(before.hash) if before is not None else None
    if known is None or before is None or last is None:
        return known
    return round(known * _growth(step, rows, before, last))


def _growth(step: Step, rows: int | None, before: Step, last: Result) -> float:
    """How much more work a step is than its last run was; 1 where that is not known."""
    if rows is None or not last.rows_in:
        return 1.0
    return rows * _epochs(step) / (last.rows_in * _epochs(before))


def _epochs(step: Step) -> int:
    return step.params.epochs if isinstance(step.params, TrainParams) else 1
