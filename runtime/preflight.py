"""What is looked at before any step of a run: what would otherwise end it after hours.

Loss masks of training steps (:mod:`runtime.training.preflight`) and keys of served models
(:mod:`runtime.asking.served.preflight`). A plan without either pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from compiler.plan import Step, StepKind
from runtime.places import Files, placed
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError


def preflight(steps: Sequence[Step], spec_dir: Path, store: Store, files: Files) -> None:
    """Of the steps that are to be computed. Raises DiagnosticError, with its place."""
    served = [step for step in steps if any(name.rpartition(".")[2] == "served" for name in step.content)]
    if served:
        from runtime.asking.served.preflight import require_keys

        for step in served:
            with _placed(step, files):
                require_keys(step, store)
    training = [step for step in steps if step.kind is StepKind.TRAIN]
    if training:
        from runtime.training.preflight import prove_masks

        for step in training:
            with _placed(step, files):
                prove_masks(step, spec_dir)


@contextmanager
def _placed(step: Step, files: Files) -> Iterator[None]:
    """What is raised within has the place of a step."""
    try:
        yield
    except DiagnosticError as error:
        raise DiagnosticError(*placed(error, step, files)) from error
