"""What rendering is told: templates in segments, their shares, choices and examples."""

from __future__ import annotations

from typing import ClassVar, Literal

from compiler.params_base import GrownParams, Number, Params, Sql


class Segment(GrownParams):
    """A piece of a template: literal text, the value of a column, or what a block of the template makes.

    ``made``: ``options`` (the list of choices), ``letter`` and ``option`` (the right one; of each choice in the line of
    the options), ``few_shot`` (examples as text). ``optional`` are pieces that are there when all their columns are.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"made", "optional"})

    text: str | None = None
    column: str | None = None
    made: Literal["options", "letter", "option", "few_shot"] | None = None
    optional: tuple[Segment, ...] | None = None


class TemplateRole(Params):
    role: Literal["system", "user", "assistant"]
    segments: tuple[Segment, ...]


class Options(Params):
    """Choices of a question. ``choices`` gives a JSON list, ``answer`` names one of it as ``answer_as`` says: ``index``
    counts from 0 and ``position`` from 1."""

    choices: Sql
    answer: Sql
    answer_as: Literal["text", "letter", "index", "position"]
    line: tuple[Segment, ...]
    letters: str
    shuffle: bool
    seed: int


class FewShot(GrownParams):
    """``count`` examples of the rows of ``part`` of an input, drawn for each row by its hash, or the same for all rows
    where they are drawn ``once``.

    ``text`` is an example as text; None: examples are turns. ``asked`` are the columns whose equal values make an
    example the row's own; without any, the row itself alone is.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"once"})

    count: int
    part: str | None
    text: tuple[Segment, ...] | None
    asked: tuple[str, ...]
    seed: int
    once: bool = False


class RenderTemplate(GrownParams):
    """One template, its roles in the order of the conversation. The name stays out: it is in ``local``."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"options", "few_shot"})

    roles: tuple[TemplateRole, ...]
    options: Options | None = None
    few_shot: FewShot | None = None


class Candidates(Params):
    """Answers that a model chooses from, a JSON list a row: ``texts`` gives it; None: the choices of the template, each
    written as its answer is."""

    texts: Sql | None


class RenderParams(GrownParams):
    """Rows of a part as conversations. With several templates each row takes one, by a hash of its id and the seed.

    ``weights`` are the shares of the templates, where they have some; templates without one divide the rest. Input
    roles: ``rows`` (a split, filter or ingest step), and ``examples:0``, … by the position of a template with
    examples. ``part`` is None when the task has no split. With ``candidates`` a row has these too, the expected answer
    among them.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"weights", "candidates"})

    kind: Literal["render"] = "render"
    part: str | None
    templates: tuple[RenderTemplate, ...]
    weights: tuple[Number | None, ...] | None = None
    seed: int = 0
    candidates: Candidates | None = None
