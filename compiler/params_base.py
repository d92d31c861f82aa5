"""What parameters are made of: frozen models without floats, and expressions as SQL with bound parameters."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, SerializerFunctionWrapHandler, model_serializer

Number = Annotated[Decimal, PlainSerializer(lambda d: format(d.normalize(), "f"), return_type=str, when_used="json")]
Scalar: TypeAlias = bool | int | str | None  # numbers with a point are bound as strings and cast in the SQL


class Params(BaseModel):
    # validators are built at first use: most commands need few of these models, and building all costs 60 ms
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


P = TypeVar("P", bound=Params)


def inside(part: object, kind: type[P]) -> Iterator[P]:
    """All parameters of one kind that stand in others, the outer ones first."""
    if isinstance(part, kind):
        yield part
    if isinstance(part, Params):
        yield from (found for name in type(part).model_fields for found in inside(getattr(part, name), kind))
    elif isinstance(part, tuple):
        yield from (found for one in part for found in inside(one, kind))


class GrownParams(Params):
    """Parameters to which some were added after plans had been made with them: those of ``ADDED`` are left out while
    they are at their default, so that a plan which does not use them keeps its hash."""

    ADDED: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = handler(self)
        fields = type(self).model_fields
        unused = {name for name in self.ADDED if getattr(self, name) == fields[name].default}
        return {name: value for name, value in dumped.items() if name not in unused}


class Sql(GrownParams):
    """A DuckDB expression over the columns in scope, with ``?`` for each bound parameter, in order.

    Columns appear as quoted identifiers (``"instruction"``). ``type`` is what the checker found. ``prepared`` are
    columns that the SQL reads and the run computes first.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"prepared"})

    sql: str
    params: tuple[Scalar, ...] = ()
    type: Literal["text", "number", "bool", "json", "list"] = "bool"
    prepared: tuple[Prepared, ...] = ()


class Prepared(Params):
    """A column that the run computes of ``value``: its tokens for the tokenizer with the hash ``model``, or what the
    language model with the hash ``model`` tells (``code``: of which language). ``name`` comes from the rest."""

    name: str
    function: Literal["tokens", "language", "language_confidence"]
    value: Sql
    model: str
    code: str | None = None
