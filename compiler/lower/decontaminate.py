"""Decontamination -> ``decontaminate`` steps between the rows of a task and their rendering, or within a filter.

What is trained on is compared with every eval of the spec, unless a rule says otherwise. A step is told which rows and
columns to compare and not what they are called, in an order that the hashes give: renaming an eval, its metrics or its
decoding drops and trains nothing again, and neither does a second eval over the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.known import sure
from compiler.lower.builder import Names, PlanBuilder
from compiler.lower.template import lower_training_rows
from compiler.resolve.compared import (
    Compared,
    Owner,
    are_conversations,
    are_given,
    compared_with,
    of_evals,
    owner_of,
    prompt_columns,
    trained_columns,
)
from compiler.resolve.few_shot import pools_of
from compiler.resolved import (
    ResolvedFilter,
    ResolvedMixture,
    ResolvedSource,
    ResolvedSpec,
    ResolvedTask,
    ResolvedTrain,
    Rows,
)
from compiler.resolved_decontaminate import Decontaminate
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.schema.fields import Shape
from compiler.step_params import DecontaminateParams, HeldOutRows


class Decontamination:
    """What every train and mixture is compared with. ``tasks`` gives the last step of a task or source by name."""

    def __init__(self, spec: ResolvedSpec, tasks: Mapping[str, str], builder: PlanBuilder) -> None:
        self.tasks, self._builder, self._trains = tasks, builder, spec.trains
        self._evals = of_evals(spec.evals.values())
        owners: list[Owner] = [*drawn_mixtures(spec).values(), *spec.trains.values()]
        self._owners = {rows.name: owner for owner in reversed(owners) for rows in _rows_of(owner)}
        shown = [(pool.name, owner) for owner in owners for rows in _rows_of(owner) for pool in pools_of(rows.task)]
        self._shown = dict(reversed(shown)) | self._owners

    def training_rows(self, rows: Rows, owner: Owner) -> str:
        """The id of the step that renders what is left of rows that a mixture or train takes; the examples in their
        prompts are drawn from what is left too."""
        return self._rendered(rows, self._cleaned(rows, owner), owner, _names(rows, owner))

    def _cleaned(self, rows: Rows, owner: Owner) -> str:
        """The id of the step that has what is left of the rows."""
        source, compared = self.tasks[rows.task.name], list(compared_with(owner, rows, self._evals).values())
        if not compared:
            return source
        return _add(_names(rows, owner), compared, rows.part, rows.task, owner.block, source, self.tasks, self._builder)

    def validation_rows(self, rows: Rows, train: ResolvedTrain) -> str:
        """The id of the step that renders rows as they are, with examples of what is left for the train. It leaves the
        short name to rows that are trained on."""
        short, long = _names(rows, train)
        name = long if rows.name in self._owners else (short, long)
        return self._rendered(rows, self.tasks[rows.task.name], owner_of(train), name)

    def exported_rows(self, rows: Rows) -> str:
        """The id of the step that renders rows as they are trained on; those that nothing trains on, as they are."""
        owner = self._owners.get(rows.name)
        if owner is not None:
            return self.training_rows(rows, owner)
        name = _whole_name(rows)
        names = name, f"export.{name}"  # a train that validates on them may draw other examples
        return lower_training_rows(rows, self.tasks[rows.task.name], self.examples, self._builder, names)

    def examples(self, pool: Rows) -> str:
        """The id of the step that has what is left of rows that examples are drawn from, where they are trained on or
        shown in training. Those that no training has are as they are."""
        owner = self._shown.get(pool.name)
        return self.tasks[pool.task.name] if owner is None else self._cleaned(pool, owner)

    def written_from(self, rows: Rows, item: ResolvedGenerate) -> str:
        """The id of the step that has what is left of rows that a generate shows its model: what is written from a
        held-out row carries it into training. The rules are those of whoever trains on the rows, or else on what is
        written; held-out rows that a model writes or chooses come later and are not compared with."""
        owner, step = self._shown.get(rows.name) or self._owners.get(item.name), self.tasks[rows.task.name]
        every = list(compared_with(owner, rows, self._evals).values())
        compared = [one for one in every if are_given(one.held[0], self._trains)]
        if not compared:
            return step
        short, own = _whole_name(rows), f"{item.name}.{_whole_name(rows)}"
        names = (*_names(rows, owner), own) if owner is not None else (short, own)
        free = own if len(compared) < len(every) else names  # rows that are trained on keep the short name
        block = owner.block if owner is not None else item.block
        return _add(free, compared, rows.part, rows.task, block, step, self.tasks, self._builder)

    def _rendered(self, rows: Rows, step: str, owner: Owner, name: Names) -> str:
        return lower_training_rows(rows, step, lambda pool: self._cleaned(pool, owner), self._builder, name)


def lower_rule(
    name: str,
    rules: Sequence[Decontaminate],
    item: ResolvedFilter,
    task: ResolvedTask,
    rows: str,
    tasks: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """The id of the step of some rules of a filter that stand together, which reads step ``rows``."""
    compared = [Compared((held,)).told(rule) for rule in rules for held in rule.against]
    return _add(name, compared, None, task, item.block, rows, tasks, builder)


def _names(rows: Rows, owner: Owner) -> tuple[str, str]:
    """A step is called after its rows, and after their owner too where those of another one are not the same: an owner
    renders rows once, and a train validates on none that it trains on."""
    name = _whole_name(rows)
    return name, f"{owner.name}.{name}"


def _whole_name(rows: Rows) -> str:
    return f"{rows.task.name}.{rows.part or 'all'}"


def _rows_of(owner: Owner) -> tuple[Rows, ...]:
    if isinstance(owner, ResolvedMixture):
        return owner.rows
    return () if isinstance(owner.data, ResolvedMixture) else owner.own_rows


def drawn_mixtures(spec: ResolvedSpec) -> dict[str, ResolvedMixture]:
    """The mixtures that are drawn: all but those that are only part of another one; those that have no name but their
    train's come last."""
    inner = {use.name for mixture in spec.mixtures.values() for use in mixture.uses if use is not None}
    data = [train.data for train in spec.trains.values()]
    trained = {mixture.name: mixture for mixture in data if isinstance(mixture, ResolvedMixture)}
    drawn = {name: mixture for name, mixture in spec.mixtures.items() if name in trained or name not in inner}
    return drawn | trained


def _known(names: tuple[str, ...], source: ResolvedSource) -> tuple[str, ...]:
    return tuple(name for name in names if name in source.columns.names)


def _text_columns(source: ResolvedSource) -> tuple[str, ...]:
    """The texts of rows that no template is for."""
    return tuple(name for name in source.columns.names if source.columns.get(name) == "text")


def _add(
    name: Names,
    compared: Sequence[Compared],
    part: str | None,
    task: ResolvedTask,
    block: Shape,
    rows: str,
    tasks: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """Add one step, with its sets in an order that says nothing of their names."""
    texts = _known(trained_columns(task.templates), sure(task.source)) or _text_columns(sure(task.source))
    prompt = prompt_columns(task.templates) or texts
    sets = {_set(one, prompt, tasks): one for one in compared}
    order = sorted(sets, key=lambda key: (builder.hash_of(key[0]), key[1].model_dump_json()))
    roles = {step: f"held_out:{index}" for index, step in enumerate(dict.fromkeys(step for step, _ in order))}
    return builder.add(
        DecontaminateParams(
            part=part,
            texts=None if are_conversations(task.templates) else texts,
            against=tuple(held.model_copy(update={"input": roles[step]}) for step, held in order),
        ),
        name,
        block,
        inputs={"rows": rows} | {role: step for step, role in roles.items()},
        labels={"task": task.name, "part": part or "all", "source": sure(task.source).name},
        held_out=[sets[key].names for key in order],
        rules=[{"text": sets[key].text, "reason": sets[key].reason} for key in order],
    )


def _set(one: Compared, prompt: tuple[str, ...], tasks: Mapping[str, str]) -> tuple[str, HeldOutRows]:
    """The step that has the rows, and what the comparison is told of them; ``prompt`` are the columns that count where
    they have no template."""
    held = one.held[0]
    if isinstance(held.rows, ResolvedSource):
        step, part, source = tasks[held.rows.name], None, held.rows
    else:
        step, part, source = tasks[held.rows.task.name], held.rows.part, sure(held.rows.task.source)
    texts = _known(prompt, source) or _text_columns(source) if held.texts is None else _known(held.texts, source)
    return step, HeldOutRows(
        input="", part=part, texts=None if held.turns else texts, ngram=one.ngram, coverage=one.coverage
    )
