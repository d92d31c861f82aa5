"""Run the lints of a file at the levels that it sets.

A pass over a spec that is resolved as far as it is sound. Lints that report something missing keep silent while the
missing thing may be what could not be read. A spec of 70 lines costs about half a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from compiler.lints.levels import apply_to_warnings, as_error, denied, read_levels
from compiler.lints.lint import Facts, Finding, Lint, Needs
from compiler.lints.registry import LINTS
from compiler.modules import Module
from compiler.program import Program
from compiler.reporting import Reporter
from compiler.resolved import ResolvedSpec
from compiler.schema.fields import Shape
from compiler.schema.lint import Lint as LintBlock
from compiler.schema.values import NOT_RUNNABLE
from spec_lang.diagnostics import Diagnostic, Label, Severity

# syntax, and kinds, fields, rules, clauses, functions and metrics that are not known
_SLIPS = re.compile(r"SFT(01|020[146]|021[23]|0302|0602)")


def run_lints(spec: ResolvedSpec, program: Program, *, strict: bool = False) -> None:
    """Report what the lints find, in each file at its own levels. ``strict``: as if the main spec said so."""
    for module in program.modules:
        library = module is not program.main
        bases = frozenset(
            item.base.block.name.text
            for item in program.inherited
            if item.base is not None and item.base.file is module.file and item.base.block.name is not None
        )
        _run(spec, module, program.read, bases, library=library, strict=strict and not library)


def _run(
    spec: ResolvedSpec, module: Module, read: Sequence[Shape], bases: frozenset[str], *, library: bool, strict: bool
) -> None:
    """One file. Whoever imports a ``library`` may have what it lacks, so nothing is missing there."""
    report = module.report
    met = ("nothing",) if library else _met_needs(report)
    own = (shape for shape in read if isinstance(shape, LintBlock) and shape.file is module.file)
    levels = read_levels(own, report, strict=strict)
    facts = Facts(spec, module.blocks, module.parsed.spec.blocks, module.space, bases if library else frozenset())
    apply_to_warnings(levels, report)
    for lint in LINTS:
        level = levels.of(lint.name, lint.default)
        if level == "allow" or lint.needs not in met:
            continue
        for finding in lint.find(facts):
            item = _diagnostic(lint, finding, report)
            if finding.denied_by is not None:
                report.sink.report(as_error(item, finding.denied_by, report))
                continue
            report.sink.report(denied(item, lint.name, levels, report) if level == "deny" else item)


def _met_needs(report: Reporter) -> tuple[Needs, ...]:
    """What the findings so far leave sure."""
    errors = [item.code for item in report.sink.items if item.severity is Severity.ERROR]
    if any(_SLIPS.match(code) for code in errors):
        return ("nothing",)
    return ("nothing", "spelled") if any(code != NOT_RUNNABLE for code in errors) else ("nothing", "spelled", "sound")


def _diagnostic(lint: Lint, finding: Finding, report: Reporter) -> Diagnostic:
    labels = tuple(item if isinstance(item, Label) else Label(report.file, *item) for item in finding.also)
    help = f"{finding.help}; {lint.why}"
    where = Label(report.file, finding.span)
    return Diagnostic(lint.code, finding.message, where, help, labels, Severity.WARNING, finding.fix)
