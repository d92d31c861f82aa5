"""What `sft compare` compares: two models by name, each in a run, over the evals that measured both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    from compiler.plan import Plan
    from runtime.comparison.sides import Measured
    from runtime.comparison.texts import ItemTexts
    from runtime.comparison.two_models import Item, TwoModels
    from runtime.store import Store


@dataclass(frozen=True)
class Wanted:
    """``eval`` and ``metric`` are None for all; ``buckets`` and ``limit`` say which items are listed."""

    first: str
    second: str
    eval: str | None = None
    metric: str | None = None
    items: bool = False
    buckets: Sequence[str] = ()
    limit: int = 20


@dataclass(frozen=True)
class Compared:
    """One metric of one eval. ``listed`` are the items that were asked for, each with its texts."""

    eval: str
    result: TwoModels
    listed: tuple[tuple[Item, ItemTexts], ...]
    more: int  # items of these buckets that are not listed


def compare_models(wanted: Wanted, store: Store) -> tuple[Compared, ...]:
    """All comparisons, in the order of the second run's evals and metrics. Raises DiagnosticError SFT0914 (no such
    run), SFT0910 (no such model, eval or metric), SFT0927 (nothing that both measured)."""
    from runtime.comparison.sides import compare_sides

    store.refuse_a_file()
    with store.reading():
        first, second = _side(wanted.first, store), _side(wanted.second, store)
    pairs = _paired(first, second, wanted)
    found = []
    for one, two in pairs:
        for metric in two.params.metrics:
            known = one.metric(metric.name)
            if known is not None and wanted.metric in (None, metric.name):
                result = compare_sides(store, one, two, metric.name)
                found.append(_listed(wanted, store, one, two, result))
    if not found:
        known_metrics = dict.fromkeys(metric.name for one, two in pairs for metric in two.params.metrics)
        raise _unknown("metric", wanted.metric or "", list(known_metrics))
    return tuple(found)


def _side(text: str, store: Store) -> list[Measured]:
    """The evals that measured a model: `tuned`, of the last run, or `RUN:tuned`."""
    from runtime.baselines import LAST, find_run
    from runtime.comparison.sides import measured_in, models_of
    from runtime.own_results import made_steps

    run, _, model = text.rpartition(":")
    run_id, _, status, _ = find_run(store, run or LAST)
    plan = _plan(store, run_id)
    named = measured_in(plan, run_id, model, text)
    made = made_steps(store, run_id)
    found = [one for one in named if one.step.id in made]
    if found:
        return found
    if named:
        message = f"run {run_id} did not come to measure `{model}`: it is {status}"
        raise fatal("SFT0927", message, "name a run that did: `sft show runs` lists them")
    models = models_of(plan)
    if not models:
        raise fatal("SFT0927", f"run {run_id} has no eval", "compare models of a run that measured some")
    raise _unknown("model", model, models, f" in run {run_id}; write MODEL or RUN:MODEL")


def _plan(store: Store, run_id: str) -> Plan:
    from compiler.plan import Plan

    text = store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])[0][0]
    try:
        return Plan.from_json(text)
    except (ValueError, KeyError):  # pydantic's errors are ValueErrors
        raise fatal("SFT0914", f"run {run_id} is of another version of sft, its plan cannot be read") from None


def _paired(first: list[Measured], second: list[Measured], wanted: Wanted) -> list[tuple[Measured, Measured]]:
    """The evals of both by their names; two that stand alone belong together whatever they are called."""
    by_name = {item.step.name: item for item in first}
    pairs = [(by_name[item.step.name], item) for item in second if item.step.name in by_name]
    if not pairs and len(first) == len(second) == 1:
        pairs = [(first[0], second[0])]
    if wanted.eval is not None:
        chosen = [pair for pair in pairs if pair[1].step.name == wanted.eval]
        if not chosen:
            raise _unknown("eval", wanted.eval, [two.step.name for _, two in pairs])
        return chosen
    if not pairs:
        evals = [", ".join(f"`{item.step.name}`" for item in side) for side in (first, second)]
        message = f"no eval measured both: {wanted.first} is in {evals[0]}, {wanted.second} in {evals[1]}"
        raise fatal("SFT0927", message, "put both into one eval, or call the evals of both runs alike")
    return pairs


def _unknown(kind: str, name: str, known: list[str], where: str = "") -> Exception:
    from spec_lang.suggest import closest

    near = closest(name, known)
    help = f"did you mean `{near[0]}`?" if near else f"{kind}s: {', '.join(f'`{item}`' for item in known)}"
    return fatal("SFT0910", f"there is no {kind} `{name}`{where}", help)


def _listed(wanted: Wanted, store: Store, one: Measured, two: Measured, result: TwoModels) -> Compared:
    from runtime.comparison.texts import texts_of

    buckets = wanted.buckets or [name for name in result.buckets if name not in ("passing", "same")]
    items = [item for item in result.items if item.bucket in buckets] if wanted.items else []
    shown = items[: wanted.limit]
    texts = texts_of(store, one, two, shown) if shown else []
    listed = tuple(zip(shown, texts, strict=True))
    return Compared(two.step.name, result, listed, len(items) - len(shown))
