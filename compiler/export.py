"""What is exported of a spec: the rows of a task, of one of its parts, of a mixture, or a trained model.

A task that nothing trains or evaluates on has no rendered rows in the plan of its spec, and should not: nobody
reads them. So an export has a plan of its own, of the steps behind what was asked for and nothing else. Its steps
are lowered as those of a training are, with the same hashes: what a run has rendered is not rendered again.
Models are looked at only where a data step reads one, so rows can be exported where the weights are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from compiler.reach import reached_for
from compiler.resolve.shape import without_templates
from compiler.resolved import ResolvedMixture, ResolvedSpec, ResolvedTask, ResolvedTrain, Rows
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.suggest import closest

if TYPE_CHECKING:
    from compiler.plan import Plan
    from compiler.reporting import Reporter
    from compiler.rule_models import RuleModels
    from compiler.world import ModelFacts

WHOLE = "train"  # what the one part of a mixture, or of a task without split, is called: loaders look for it first


class Exported(Struct, frozen=True):
    """``steps`` maps the name of each part to the id of the step that has its rows; of a trained model it is empty and
    ``model`` is the id of its train step."""

    name: str
    plan: Plan
    steps: Mapping[str, str]
    model: str | None = None


Target: TypeAlias = ResolvedTrain | ResolvedMixture | tuple[Rows, ...]


def find_target(spec: ResolvedSpec, name: str, part: str | None = None) -> Target:
    """What a name means: ``triage``, ``triage.train``, ``curriculum``, ``tuned``. Raises DiagnosticError SFT0921."""
    if part is None and name in spec.trains:
        return spec.trains[name]
    if part is None and name in spec.mixtures:
        return spec.mixtures[name]
    task, of = spec.tasks.get(name), part
    if task is None and part is None:
        head, _, of = name.rpartition(".")
        task = spec.tasks.get(head)
    if task is None:
        raise _nothing_called(name, part, spec)
    _check_templates(task)
    parts = task.parts.names if task.parts is not None else None
    if of is not None and of not in (parts or ()):
        raise _no_part(task, of, parts)
    return tuple(Rows(task, one) for one in ([of] if of is not None else parts or [None]))


def _check_templates(task: ResolvedTask) -> None:
    if task.templates.empty:
        what = f"task `{task.name}` has no `templates`, so its rows are no conversations yet"
        raise fatal("SFT0921", what, without_templates(task.source))


def _no_part(task: ResolvedTask, part: str, parts: tuple[str, ...] | None) -> DiagnosticError:
    if parts is None:
        help = f"export it as a whole, or give it a `split`: `sft export {task.name}`"
        return fatal("SFT0921", f"task `{task.name}` has no split, and so no part `{part}`", help)
    near = closest(part, parts)
    help = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(f'`{name}`' for name in parts)}"
    return fatal("SFT0921", f"task `{task.name}` has no part `{part}`", help)


def _nothing_called(name: str, part: str | None, spec: ResolvedSpec) -> DiagnosticError:
    if part is not None and (name in spec.mixtures or name in spec.trains):
        return fatal("SFT0921", f"`{name}` is no task, and only a task has parts", f"`sft export {name}`")
    head, _, of = name.rpartition(".")
    if part is not None and head in spec.tasks:
        both = f"`sft export {name}`" + (f" or `sft export {head}.{part}`" if of != part else "")
        return fatal(
            "SFT0921", f"`{name}` names a part already, so `--part {part}` has no place", f"leave it out: {both}"
        )
    candidates = [*spec.tasks, *spec.mixtures, *spec.trains]
    for kind in ("models", "sources", "templates", "evals", "gates"):
        if name in getattr(spec, kind):
            what = f"`{name}` is a {kind[:-1]}; a task, a part of one, a mixture or a trained model can be exported"
            return fatal("SFT0921", what, _listed(candidates))
    candidates += [
        f"{task.name}.{one}" for task in spec.tasks.values() for one in (task.parts.names if task.parts else ())
    ]
    near = closest(name, candidates)
    help = f"did you mean `{near[0]}`?" if near else _listed([*spec.tasks, *spec.mixtures, *spec.trains])
    return fatal("SFT0921", f"the spec has no task, mixture or train `{name}`", help)


def _listed(names: list[str]) -> str:
    return f"it has {', '.join(f'`{name}`' for name in names)}" if names else "it has none of them"


def lower_rows(
    spec: ResolvedSpec,
    target: ResolvedMixture | tuple[Rows, ...],
    facts: Mapping[str, ModelFacts],
    models: RuleModels,
    report: Reporter,
) -> Exported:
    """The plan behind the rows of a target: out of the blocks that a run of the spec has, where they hold it."""
    from compiler.lower.builder import PlanBuilder
    from compiler.lower.mixture import lower_mixture
    from compiler.lower.spec import lower_data
    from compiler.plan import EXPORT_MARK, Plan

    builder = PlanBuilder(report, models)
    around = reached_for(target if isinstance(target, ResolvedMixture) else target[0].task, spec)
    clean, mixtures = lower_data(around, facts, builder)
    if isinstance(target, ResolvedMixture):
        name, steps = target.name, {WHOLE: mixtures.get(target.name) or lower_mixture(target, clean, builder)}
    else:
        name = target[0].name if len(target) == 1 else target[0].task.name
        steps = {rows.part or WHOLE: clean.exported_rows(rows) for rows in target}
    whole = builder.plan(spec.edition)
    marked = f"{whole.spec}{EXPORT_MARK}{name}"
    plan = Plan(format=whole.format, edition=whole.edition, spec=marked, steps=whole.behind(steps.values()))
    return Exported(name, plan, steps)
