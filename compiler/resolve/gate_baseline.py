"""``baseline = blessed("main")``: the run that the name means, and the model of it that a requirement is compared with.

What a baseline holds comes from a file in the repository, so that a name that was never blessed, or a metric that the
blessed run did not measure, is found before anything runs.
"""

from __future__ import annotations

from msgspec import Struct

from compiler.names import Names
from compiler.reporting import Reporter, suggestion
from compiler.resolve.gate_metric import Use
from compiler.schema.gate import Gate
from compiler.world import BaselineFacts, BlessedEval, Problem
from spec_lang.ast import Ref
from spec_lang.source import Span


class Baseline(Struct, eq=False):
    """``given``: the gate has one, and `baseline` means it, whether or not it is known. ``model`` is the one that the
    gate names, None where each model is compared with its own earlier self."""

    given: bool
    facts: BaselineFacts | None
    model: Ref | None
    span: Span
    used: bool = False

    def model_for(self, use: Use, at: Ref, names: Names) -> str:
        """The model of the blessed run to compare with; its own name where that cannot be known, after a report."""
        self.used = True
        wanted = names.full(self.model) if self.model is not None else use.model
        if self.facts is None or use.eval is None or use.metric is None or not wanted:
            return wanted
        found = self.facts.evals.get(use.eval.name)
        if found is None:
            help = suggestion(use.eval.name, self.facts.evals, "its evals")
            self._lacks(f"no eval `{use.eval.name}`", at, f"{help}; bless a run that has this one", names)
        elif use.metric.function.whole:
            what = f"no statistics of `{use.shown}`, which is a number of the whole set"
            self._lacks(what, at, "evaluate the earlier model in the same eval, and compare with that", names)
        elif (metric := use.shown.rpartition(".")[2]) not in found.how["metrics"]:
            help = suggestion(metric, found.how["metrics"], "its metrics")
            self._lacks(f"no metric `{use.eval.name}.{metric}`", at, f"{help}; bless a run that has this one", names)
        elif wanted not in found.how["models"]:
            self._lacks(f"no model `{wanted}` in eval `{use.eval.name}`", at, _other_models(found, self), names)
        return wanted

    def _lacks(self, what: str, at: Ref, help: str, names: Names) -> None:
        assert self.facts is not None
        also = [(self.span, f"run {self.facts.run}")]
        names.report.error("SFT0663", f"baseline `{self.facts.name}` has {what}", at.span, help, also)

    def report_unused(self, report: Reporter) -> None:
        if self.given and not self.used:
            help = "write `require EVAL.METRIC(MODEL) no_worse_than baseline by 2pt`, or leave `baseline` out"
            report.error("SFT0608", "no requirement compares with `baseline`", self.span, help)


def _other_models(found: BlessedEval, baseline: Baseline) -> str:
    known = ", ".join(f"`{name}`" for name in found.how["models"])
    assert baseline.facts is not None
    first = next(iter(found.how["models"]), "MODEL")
    return f'its models: {known}; write `blessed("{baseline.facts.name}", model = {first})` to compare with another one'


def read_baseline(block: Gate, names: Names) -> Baseline:
    """The gate's baseline; reports a name that was not blessed, and a file that is not what was blessed."""
    value = block.baseline
    given = value.given or "baseline" in block.broken
    call = value.value
    name = call.argument("name") if call is not None else None
    model = call.argument("model") if call is not None else None
    if not given or call is None or not value.known or not isinstance(name, str) or names.world is None:
        return Baseline(given, None, model, value.span, used=not value.known)
    facts = names.world.baseline(name)
    if isinstance(facts, Problem):
        names.report.error(facts.code, facts.message, call.arguments["name"].span, facts.help)
        return Baseline(given, None, model, value.span)
    return Baseline(given, facts, model, value.span)
