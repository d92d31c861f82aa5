"""Numbers beside columns: scorers, limits on what a run measures, figures of blocks, functions of one field.

Each is a table of the schemas; here is only which table a place reads.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.editor.words import Role, Site
from compiler.schema import guardrail, loop, redteam, review, train
from compiler.schema.calls import CallForm, CallOf
from compiler.schema.measures import LimitOn, Measure
from compiler.schema.scorers import SCORERS
from compiler.schema.values import ValueType

_NO_MEASURES: Mapping[str, Measure] = {}
# Rules whose condition is a limit, by the braces that they stand in.
_RULES = {("loop", "guard"): loop.GUARDS, ("train", "guard"): train.GUARDS, ("guardrail", "require"): guardrail.ERRORS}
# What a gate can ask of a block beside metrics.
FIGURES: Mapping[str, Mapping[str, str]] = {
    "review": review.FIGURES,
    "redteam": redteam.FIGURES,
    "guardrail": {name: measure.doc for name, measure in guardrail.ERRORS.items()},
}


def forms_at(type: ValueType | None, site: Site) -> Mapping[str, CallForm]:
    """The functions that may be called at a place and are no functions of expressions."""
    if isinstance(type, CallOf):
        return type.forms
    word = site.frames[-1].word if site.frames else ""
    if site.role is Role.FIELD and (word == "score" or (word, site.entry) == ("guardrail", "score")):
        return SCORERS
    return {name: item.form for name, item in measures_at(type, site).items() if item.form is not None}


def measures_at(type: ValueType | None, site: Site) -> Mapping[str, Measure]:
    """The numbers of a run that a limit at a place may be on."""
    if isinstance(type, LimitOn):
        return type.measures
    if site.role is not Role.VERB or site.clause or not site.frames:
        return _NO_MEASURES
    return _RULES.get((site.frames[-1].word, site.entry), _NO_MEASURES)


def takes_metric(site: Site) -> bool:
    """Whether a metric of the table is called at a place: ``metric x = …``, or what verifies generated rows."""
    return (site.role is Role.NAMED and site.entry == "metric") or (site.entry == "verify" and site.role is Role.FIELD)


def argument_docs(form: CallForm) -> str:
    """The arguments of a form, one a line."""
    return "\n".join(f"`{argument.name}`: {argument.type.expects}" for argument in form.arguments)
