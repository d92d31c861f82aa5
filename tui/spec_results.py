"""Everything that the spec view shows of a run, read in one look at the store, and put together as pages.

The same for the dashboard and ``sft show RUN spec``. About 60 ms for a run of twenty steps; scores cost a pass over
their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runtime.store import Store
from tui import drop_queries, metric_queries, queries, spec_queries
from tui.mixture_queries import mixtures
from tui.overlap_queries import OverlapSet, overlap_sets
from tui.queries import RunRow, StepRow
from tui.score_queries import scores
from tui.spec_queries import LineFinding, SpecText
from tui.view_models.data import FunnelLine, funnel
from tui.view_models.spec import SpecPage, put_overlap, spec_pages
from tui.view_models.spec_notes import Results, notes
from tui.view_models.verdicts import Requirement, verdict_view


@dataclass(frozen=True)
class SpecModel:
    """What was read; ``pages`` puts it together, anew while a run goes on."""

    run: RunRow
    texts: tuple[SpecText, ...]
    results: Results
    overlaps: tuple[OverlapSet, ...]
    findings: tuple[LineFinding, ...]

    def pages(
        self,
        found: Sequence[LineFinding] = (),
        steps: Mapping[str, StepRow] | None = None,
        shares: Mapping[str, float] | None = None,
    ) -> tuple[SpecPage, ...]:
        """The files with all that is known of their lines; ``found`` is what a check says now, ``steps`` and ``shares``
        what events tell of running steps."""
        results = replace(self.results, steps=steps or self.results.steps, shares=shares or {})
        beside = notes(results)
        put_overlap(beside, self.texts, self.overlaps, results.plan)
        return spec_pages(self.texts, beside, [*self.findings, *found])

    def line_of_rule(self, step_id: str, rule: str) -> FunnelLine | None:
        """The line of the funnel that tells of a rule."""
        lines = self.results.funnel
        return next((line for line in lines if (line.step_id, line.rule) == (step_id, rule)), None)

    def requirement(self, step_id: str, position: int) -> Requirement | None:
        """A requirement of a gate step, by its position."""
        gate = step_id.partition(":")[2]
        found = (row for row in self.results.requirements if (row.gate, row.requirement) == (gate, position))
        return next((row for row in found if row.part == 0), None)


def spec_model(store: Store, run_id: str) -> SpecModel:
    """Raises DiagnosticError SFT0914 for an unknown run."""
    with store.reading():
        run, steps, plan = queries.run(store, run_id), queries.steps(store, run_id), queries.plan(store, run_id)
        verdicts = verdict_view(run.verdict, queries.gates(store, run_id), {}, plan)
        results = Results(
            plan,
            {step.step_id: step for step in steps},
            funnel(steps, drop_queries.rule_counts(store, run_id)),
            metric_queries.metrics(store, run_id),
            verdicts.requirements,
            mixtures(store, run_id),
            scores(store, run_id),
        )
        texts = spec_queries.spec_texts(store, run_id)
        findings = spec_queries.findings_of_run(store, run_id)
        overlaps = overlap_sets(store, run_id)
    return SpecModel(run, tuple(texts), results, tuple(overlaps), tuple(findings))
