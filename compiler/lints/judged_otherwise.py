"""A judge that reads what was asked on the labelled rows and not in an eval, or in an eval and not on them."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.judged_metrics import judge_of
from compiler.lints.lint import Facts, Finding, Lint
from compiler.resolved import AnyModel, ResolvedModel
from compiler.resolved_judge import ResolvedJudge


def _find(facts: Facts) -> Iterator[Finding]:
    for item in facts.own(facts.spec.evals):
        seen: set[tuple[str, str]] = set()
        for rule in item.block.metrics:
            name = judge_of(item.metrics.get(rule.name.text)) or ""
            judge = facts.spec.later.get(name)
            if not isinstance(judge, ResolvedJudge) or not _reads_prompt(judge):
                continue
            for model in item.models:
                if (name, model.name) in seen:
                    continue
                seen.add((name, model.name))
                if found := _differs(judge, model):
                    told, help = found
                    also = (judge.block.label(judge.block.head, "calibrated here"),)
                    yield Finding(told, rule.expr.span, help, also)


def _reads_prompt(judge: ResolvedJudge) -> bool:
    """Whether what was asked, where it is known, is shown to the judge."""
    if judge.by != "model" or judge.calibration is None:
        return False
    return judge.template is None or any(name == "prompt" for name, _ in judge.template.placeholders)


def _differs(judge: ResolvedJudge, model: AnyModel) -> tuple[str, str] | None:
    """What the judge is shown otherwise, and how to show it alike."""
    held = judge.calibration
    answers = model.recorded if isinstance(model, ResolvedModel) and model.is_recorded else None
    if held is None or (isinstance(model, ResolvedModel) and model.is_recorded and answers is None):
        return None
    on_rows = held.prompt is not None or held.conversation
    in_eval = answers is None or answers.prompt is not None
    if on_rows == in_eval:
        return None
    if on_rows:
        told = f"judge `{judge.name}` is calibrated with what was asked, and is not shown what `{model.name}` was asked"
        return told, f"write `prompt = COLUMN` in model `{model.name}`"
    told = f"judge `{judge.name}` is shown what `{model.name}` was asked, and is calibrated without what was asked"
    return told, "write `prompt = COLUMN` in `calibrate`"


LINT = Lint(
    "SFT0737",
    "judged_otherwise",
    "warn",
    "a judge may be right less often where it sees less, so its agreement with people says little of this rate",
    _find,
    needs="sound",
)
