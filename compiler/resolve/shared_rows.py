"""Whether two sets of rows may have rows in common, as far as sources and splits tell."""

from __future__ import annotations

from compiler.resolved import ResolvedSource, ResolvedTask, Rows
from compiler.tree import references


def may_share_rows(first: Rows, second: Rows) -> bool:
    """Whether rows of one may be rows of the other; parts of one task never are, nor parts of the same split."""
    one, two = first.task, second.task
    if one.name == two.name:
        return first.part is None or second.part is None or first.part == second.part
    if not same_content(one.source, two.source):
        return False
    if any(task.parts is not None and task.split is None for task in (one, two)):
        return False  # a split is there, and how it goes is not known
    return not (_same_split(one, two) and first.part != second.part)


def _same_split(one: ResolvedTask, two: ResolvedTask) -> bool:
    """Whether both cut by the same fields of the file: a name may stand for one field here and for another there."""
    if one.split is None or one.split != two.split:
        return False
    return all(_field(one, name) == _field(two, name) for task in (one, two) for name in _key_columns(task))


def _key_columns(task: ResolvedTask) -> set[str]:
    split = task.block.split
    return {ref.parts[0].text for expr in split.key.value for ref in references(expr)} if split is not None else set()


def _field(task: ResolvedTask, column: str) -> str | None:
    source = task.source
    if source is None:
        return None
    return source.mapping.get(column) or ".".join(source.places.get(column, ())) or None


def same_content(first: ResolvedSource | None, second: ResolvedSource | None) -> bool:
    """Whether both read a file of equal bytes: another source block over the same file is no other data."""
    if first is None or second is None:
        return False
    return first is second or bool(_file_hashes(first) & _file_hashes(second))


def _file_hashes(source: ResolvedSource) -> set[str]:
    return {content for _, content in source.facts.files} if source.facts is not None else set()
