"""Findings in the form in which they are shown: once each, in order, with the places that explain them.

Passes report what they see. What they cannot see is added here: that a value came from a param or from the
block that is extended, and how the file of a finding writes the names in its message. What only follows from
another finding is taken away, never the last error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from compiler.extends import Inherited
from compiler.modules import Module
from compiler.names import Declared, Names
from compiler.parameters import Parameter
from spec_lang.ast import Faulty
from spec_lang.diagnostics import Diagnostic, Label, Severity
from spec_lang.source import Span

_QUOTED = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)+)`")
_OF_EXTENDS = ("SFT0203", "SFT0208", "SFT0216", "SFT0217", "SFT0242")
_OF_SECRETS = "SFT0250"
_MOST_PARAMS = 2


def explained(
    items: Iterable[Diagnostic],
    modules: Sequence[Module],
    views: Mapping[str, Names],
    parameters: Sequence[Parameter],
    clashing: Sequence[Parameter],
    inherited: Sequence[Inherited],
) -> list[Diagnostic]:
    """The findings of all files: those of the main spec first, each file in the order of its text."""
    found = _without_meant_params(_once(items))
    if inherited:
        found = [shown for item in found if (shown := _of_base(item, inherited, found)) is not None]
    if any(parameter.uses for parameter in parameters):
        found = [shown for item in found if (shown := _of_param(item, parameters, clashing)) is not None]
    if len(modules) > 1:
        found = [_in_its_words(item, views) for item in found]
    secrets = [item.primary for item in found if item.code == _OF_SECRETS and item.primary is not None]
    if secrets:
        found = [_without_secrets(item, secrets) for item in found]
    order = {module.file.path: index for index, module in enumerate(modules)}
    return sorted(found, key=lambda item: _position(item, order))


def _without_secrets(item: Diagnostic, secrets: Sequence[Label]) -> Diagnostic:
    """A finding that does not show the secrets that stand on its lines."""
    secondary = tuple(_without_secret(label, secrets) for label in item.secondary)
    return replace(item, primary=item.primary and _without_secret(item.primary, secrets), secondary=secondary)


def _without_secret(label: Label, secrets: Sequence[Label]) -> Label:
    line = label.file.position(label.span.start)[0]
    for secret in secrets:
        if secret.file is label.file and secret.file.position(secret.span.start)[0] == line:
            return replace(label, hidden=secret.span)
    return label


def _position(item: Diagnostic, order: Mapping[str, int]) -> tuple[int, int]:
    """Findings about the command line come first, and about no place at all."""
    if item.primary is None:
        return -1, 0
    return order.get(item.primary.file.path, -1), item.primary.span.start


def _told(item: Diagnostic, *origins: Label) -> Diagnostic:
    """A finding with where its value came from. An edit of the place would put a value where a name is."""
    return replace(item, secondary=(*item.secondary, *origins), fix=())


def _once(items: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each finding once: an imported filter says the same wherever it is used. Over columns that are known there may
    be a fix, which a look without them had not."""
    first: dict[tuple[object, ...], Diagnostic] = {}
    for item in items:
        place = (item.primary.file.path, item.primary.span) if item.primary else None
        key = (item.code, item.message, place)
        if key not in first or (item.fix and not first[key].fix):
            first[key] = item
    return list(first.values())


def _without_meant_params(items: list[Diagnostic]) -> list[Diagnostic]:
    """Without the warning that a param is not used, where a slip was probably meant as that param."""
    helps = "\n".join(item.help or "" for item in items if item.severity is Severity.ERROR)
    return [item for item in items if item.code != "SFT0238" or _did_you_mean(item) not in helps]


def _did_you_mean(unused: Diagnostic) -> str:
    return f"did you mean {unused.message.removeprefix('param ').partition(' ')[0]}?"


# --- what comes from a base -------------------------------------------------------------------------


def _of_base(item: Diagnostic, inherited: Iterable[Inherited], all_items: Sequence[Diagnostic]) -> Diagnostic | None:
    """A finding about something inherited, with the place of the base; None where the base has the mistake itself."""
    if item.primary is None:
        return item
    for block in inherited:
        if item.primary.file is not block.file or item.primary.span not in (block.head, block.place):
            continue
        if block.base is None:
            return item if item.primary.span != block.head or item.code in _OF_EXTENDS else None
        if item.code == "SFT0242" and item.primary.span == block.place:
            return item
        label = Label(block.base.file, _name(block.base), "inherited from here")
        of_base = [other for other in all_items if _inside(other, block.base)]
        if any(other.severity is Severity.ERROR or other.code == item.code for other in of_base):
            return None
        return _told(item, label) if item.primary.span == block.place else item
    return item


def _name(base: Declared) -> Span:
    return (base.block.name or base.block.kind).span


def _inside(item: Diagnostic, base: Declared) -> bool:
    if item.primary is None or item.primary.file is not base.file:
        return False
    return base.block.span.start <= item.primary.span.start and item.primary.span.end <= base.block.span.end


# --- what comes from a param ------------------------------------------------------------------------


def _of_param(item: Diagnostic, parameters: Iterable[Parameter], clashing: Sequence[Parameter]) -> Diagnostic | None:
    """A finding about a value that came from a param, with the place of the param; None where the name of the param is
    the mistake, and the param was reported."""
    if item.primary is None:
        return item
    file, span = item.primary.file, item.primary.span
    used = [
        parameter
        for parameter in parameters
        if parameter.file is file and any(span.start <= use.start and use.end <= span.end for use in parameter.uses)
    ]
    if any(parameter in clashing for parameter in used):
        return None
    if item.code == _OF_SECRETS:
        return replace(item, fix=())  # the place of the param would show its value
    known = [parameter.label for parameter in used if not isinstance(parameter.value, Faulty)]
    return _told(item, *known[:_MOST_PARAMS]) if known else item


# --- words ------------------------------------------------------------------------------------------


def _in_its_words(item: Diagnostic, views: Mapping[str, Names]) -> Diagnostic:
    """A message that calls blocks by the names that the finding's own file has for them."""
    names = views.get(item.primary.file.path) if item.primary else None
    if names is None or not names.space:
        return item
    labels = tuple(replace(label, text=_said(label.text, names)) for label in item.secondary)
    help = None if item.help is None else _said(item.help, names)
    return replace(item, message=_said(item.message, names), help=help, secondary=labels)


def _said(text: str, names: Names) -> str:
    """The text with full names as the file writes them; what is no name of a block stays."""

    def in_view(match: re.Match[str]) -> str:
        parts = match.group(1).split(".")
        for count in range(len(parts), 1, -1):
            full = ".".join(parts[:count])
            if full in names.blocks:
                return f"`{'.'.join([names.shown(full), *parts[count:]])}`"
        return match.group()

    return _QUOTED.sub(in_view, text)
