"""Which screens there are: views of a run, parts of its data, and what opens above them. Imported when first opened.

Some of them ask the compiler or the tracing of rows, whose import takes a second; nobody waits for that before the list
of runs stands there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Name -> module in this package, and class. Views and parts take (run_id, step_id).
VIEWS = {
    "run": "run.RunScreen",
    "data": "data.DataScreen",
    "training": "training.TrainingScreen",
    "verdicts": "verdicts.VerdictsScreen",
    "predictions": "predictions.PredictionsScreen",
    "spec": "spec.SpecScreen",
    "rounds": "rounds.RoundsScreen",
}
PARTS = {  # of the data view
    "funnel": "data.DataScreen",
    "sources": "sources.SourcesScreen",
    "mixtures": "mixtures.MixturesScreen",
    "duplicates": "duplicates.DuplicatesScreen",
    "overlap": "overlap.OverlapScreen",
    "thresholds": "thresholds.ThresholdsScreen",
    "templates": "templates.TemplatesScreen",
    "generated": "generated.GeneratedScreen",
    "judges": "judges.JudgesScreen",
}
ABOVE = {
    "drops": "drops.DropsScreen",
    "fate": "fate.FateScreen",
    "rows": "rows.RowsScreen",
    "training_row": "training_row.TrainingRowScreen",
    "compare": "compare.CompareScreen",
    "cluster": "cluster.ClusterScreen",
    "candidates": "candidates.CandidatesScreen",
}


def screen_class(where: str) -> Any:
    """The class behind an entry of one of the tables."""
    module, _, name = where.partition(".")
    return getattr(import_module(f"tui.screens.{module}"), name)
