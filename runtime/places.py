"""Where in a spec the findings of a run belong: at the block of the step that raised them, or at an entry of it.

A step knows what is wrong and not where it was written; its place and the lines of its fields travel with the plan. So
the scheduler adds the place to whatever a step raises, and no step has to. The files are read when the run begins,
because a spec may be edited while a run of hours goes on. What is about the machine and not about the spec (codes that
begin with SFT09: the store, the disk, a bug of ours) gets no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from compiler.plan import EXPORT_MARK, Plan, Step
from runtime.spec_texts import read_spec_text
from spec_lang.diagnostics import Diagnostic, DiagnosticError, Label
from spec_lang.imports import imported_paths
from spec_lang.source import SourceFile, Span

OF_THE_MACHINE = "SFT09"

Files = Mapping[str, SourceFile]


def spec_files(plan: Plan, spec_dir: Path) -> Files:
    """The files of a plan's spec, the main one first, by the names that steps give them, without those that cannot be
    read: what steps come from, and what these files import, which may be templates alone."""
    main = plan.spec.partition(EXPORT_MARK)[0]
    places = {step.place.path for step in plan}
    places |= {name for step in plan for name in step.local.get("files", {}).values()}
    names = list(dict.fromkeys((main, *sorted(places))))
    files = {}
    for name in names:  # which grows
        text = read_spec_text(spec_dir, name)
        if isinstance(text, str):
            files[name] = SourceFile(_shown(spec_dir / name), text, name)
            names += [path for path in imported_paths(files[name]) if path not in names]
    return files


@contextmanager
def about(entry: str) -> Iterator[None]:
    """What is raised within and does not say what it is about is about this entry of the step's block."""
    try:
        yield
    except DiagnosticError as error:
        error.about = error.about or entry
        raise


def placed(error: DiagnosticError, step: Step, files: Files) -> tuple[Diagnostic, ...]:
    """The findings of an error with their place; those that have one, or can have none, as they are."""
    label = _label(step, error.about, files)
    return tuple(
        finding
        if label is None or finding.primary is not None or finding.code.startswith(OF_THE_MACHINE)
        else structs.replace(finding, primary=label)
        for finding in error.diagnostics
    )


def _label(step: Step, about: str | None, files: Files) -> Label | None:
    """The line of an entry, or the head of the block."""
    number = step.local.get("lines", {}).get(about) if about else None
    place = step.place
    file = files.get(step.local.get("files", {}).get(about, place.path) if number is not None else place.path)
    if file is None:
        return None
    if number is None:
        start, end = file.offset(place.line, place.column), file.offset(place.end_line, place.end_column)
        return Label(file, Span(start, end))
    text = file.line(number)
    indent = len(text) - len(text.lstrip())
    return Label(file, Span(file.offset(number, indent + 1), file.offset(number, len(text.rstrip()) + 1)))


def _shown(path: Path) -> str:
    """From the folder of the command, as it was most likely written there; as it is where it lies elsewhere."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
