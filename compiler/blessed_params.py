"""What a gate is told of a blessed run that it compares with."""

from __future__ import annotations

from typing import ClassVar

from compiler.params_base import GrownParams, Params


class Renamed(Params):
    """A template that another run calls otherwise."""

    template: str
    was: str


class Blessed(GrownParams):
    """``baseline``: the other side of a comparison is a model of a run that was blessed under ``name``. ``differs``
    says what was not done then as it is done now (prompt, decode, metric), which lets the comparison decide nothing;
    ``renamed`` are templates that show the same under another name. The hash of the baseline's file is content of the
    step."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"renamed"})

    name: str
    model: str
    differs: tuple[str, ...] = ()
    renamed: tuple[Renamed, ...] = ()
