"""What judges say of the answers of an eval, as measuring is told: which step has it, and what it is called."""

from __future__ import annotations

from typing import ClassVar

from compiler.params_base import GrownParams


class JudgedBy(GrownParams):
    """What a judge says: ``input`` is the role of the judge step of a cell, or of the step that calibrated it.
    ``against`` is the model whose answers these were compared with."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"against"})

    judge: str
    input: str
    against: str | None = None

    @property
    def name(self) -> str:
        """What tells it from what else judges say of the same answers."""
        return judged_name(self.judge, self.against)


def judged_name(judge: str, against: str | None) -> str:
    """The name of what a judge says, of answers alone or beside those of another model."""
    return judge if against is None else f"{judge} against {against}"
