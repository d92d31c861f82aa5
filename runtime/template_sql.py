"""The texts of a template as SQL: literal text is bound, values are cast to text, and nothing is evaluated.

What blocks of a template make stands in columns beside the row's own: choices and the right one (``__options_0``, …;
the number is the template's), and examples (``__shots_0``). All of it is expressions over columns, so a million
rows take seconds. NULL counts as empty, because rows with one are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from compiler.step_params import Options, RenderTemplate, Segment
from runtime.relational import quoted
from runtime.row_hashes import hash_number, is_blank

Bound = tuple[str, list[Any]]  # SQL and its parameters
_LARGEST = 1 << 31  # of a number that names a choice

EMPTY_COLUMN, EMPTY_ANSWER = "empty_column", "empty_answer"
NO_OPTIONS, TOO_MANY_OPTIONS, NOT_AN_OPTION = "no_options", "too_many_options", "answer_is_no_option"
TOO_FEW_EXAMPLES = "too_few_examples"
TOO_FEW_OPTIONS, EMPTY_OPTION = "too_few_options", "empty_option"  # of what a model chooses from


def text(segments: Iterable[Segment], at: int) -> Bound:
    """The text of one role of template number ``at``."""
    pieces, bound = ["''"], []
    for segment in segments:
        sql, values = piece(segment, at)
        pieces.append(sql)
        bound += values
    return f"concat({', '.join(pieces)})", bound


def piece(segment: Segment, at: int) -> Bound:
    """A piece of a template."""
    if segment.column is not None:
        return value(segment.column), []
    if segment.optional is not None:
        blank = " OR ".join(is_blank(value(name)) for name in needed(segment.optional))
        inner, bound = text(segment.optional, at)
        return f"CASE WHEN {blank} THEN '' ELSE {inner} END", bound
    if segment.made == "few_shot":
        return f"array_to_string(__shots_{at}, '')", []
    if segment.made is not None:
        return f"__{segment.made}_{at}", []
    return "?::VARCHAR", [segment.text]


def value(column: str) -> str:
    """The text of a column's value. A fraction among whole numbers makes doubles of them, and `2` is still `2`."""
    name = quoted(column)
    whole = f"regexp_replace({name}::VARCHAR, '\\.0$', '')"
    return f"CASE WHEN typeof({name}) = 'DOUBLE' THEN {whole} ELSE {name}::VARCHAR END"


def needed(segments: Iterable[Segment]) -> list[str]:
    """The columns that have to be filled, each once."""
    return list(dict.fromkeys(segment.column for segment in segments if segment.column is not None))


def turns(template: RenderTemplate, at: int) -> Iterator[tuple[str, Bound]]:
    """Roles with their texts."""
    return ((role.role, text(role.segments, at)) for role in template.roles)


def answer_segments(template: RenderTemplate) -> tuple[Segment, ...]:
    return [role.segments for role in template.roles if role.role == "assistant"][-1]


# --- choices ----------------------------------------------------------------------------------------


def option_columns(options: Options, at: int) -> Bound:
    """Columns to select beside the row's own: choices, the place of the right one, their order, and what is shown."""
    answer = f"({options.answer.sql})"
    right = {
        "text": f"list_position(__choices_{at}, {answer}::VARCHAR)",
        "letter": f"CASE WHEN length({answer}) = 1 THEN strpos(?, {answer}) END",
        "index": _whole(answer, 1),
        "position": _whole(answer, 0),
    }[options.answer_as]
    places = f"range(1, len(__choices_{at}) + 1)"
    bound: list[Any] = [*options.choices.params]
    bound += options.answer.params
    if options.answer_as == "letter":
        bound += [options.letters, *options.answer.params]
    order = places
    if options.shuffle:
        number = hash_number("? || __row_id || chr(58) || __i")
        hashed = f"list_transform({places}, lambda __i: {{'h': {number}, 'i': __i}})"
        order = f"list_transform(list_sort({hashed}), lambda __x: __x.i)"
        bound.append(f"{options.seed}:options:")
    line, values = _line(options, at)
    bound += [*values, options.letters]
    return (
        f"json_extract_string(({options.choices.sql}), '$[*]') AS __choices_{at},\n"
        f"  {right} AS __right_{at},\n  {order} AS __order_{at},\n"
        f"  array_to_string(list_transform(__order_{at}, lambda __i, __n: {line}), chr(10)) AS __options_{at},\n"
        f"  substring(?, list_position(__order_{at}, __right_{at})::BIGINT, 1) AS __letter_{at},\n"
        f"  __choices_{at}[__right_{at}] AS __option_{at}"
    ), bound


def _whole(number: str, add: int) -> str:
    """A whole number, plus ``add``; NULL for any other, which a cast would round to the place of another choice."""
    whole = f"CASE WHEN __a BETWEEN 0 AND {_LARGEST} AND __a = floor(__a) THEN __a::BIGINT + {add} END"
    return f"list_transform([TRY_CAST({number} AS DOUBLE)], lambda __a: {whole})[1]"


def _line(options: Options, at: int) -> Bound:
    pieces, bound = ["''"], []
    for segment in options.line:
        if segment.made == "option":
            pieces.append(f"__choices_{at}[__i]")
        elif segment.made == "letter":
            pieces.append("substring(?, __n, 1)")
            bound.append(options.letters)
        else:
            pieces.append("?::VARCHAR")
            bound.append(segment.text or "")
    return f"concat({', '.join(pieces)})", bound


def with_options(templates: Iterable[tuple[int, RenderTemplate]], source: Bound) -> Bound:
    """A select over ``source`` with the columns of the choices of some templates, by their numbers."""
    made = [option_columns(item.options, at) for at, item in templates if item.options is not None]
    if not made:
        return source
    listed = ",\n  ".join(sql for sql, _ in made)
    return f"SELECT *,\n  {listed}\nFROM ({source[0]})", [
        *(value for _, values in made for value in values),
        *source[1],
    ]


# --- what is missing --------------------------------------------------------------------------------


def fault(template: RenderTemplate, at: int, *, examples: bool = True) -> Bound:
    """The ledger rule that a row falls to, NULL when all is there."""
    cases = list(faults([segment for role in template.roles for segment in role.segments], template.options, at))
    if template.few_shot is not None and examples:
        short = f"coalesce(len(__shots_{at}), 0) < {template.few_shot.count}"
        cases.append(f"WHEN {short} THEN '{TOO_FEW_EXAMPLES}'")
    answer, bound = text(answer_segments(template), at)
    return f"CASE {' '.join(cases)} WHEN {is_blank(answer)} THEN '{EMPTY_ANSWER}' END", bound


def faults(segments: Sequence[Segment], options: Options | None, at: int) -> Iterator[str]:
    """Cases of SQL: columns that are empty, and choices that cannot be shown."""
    yield from (f"WHEN {is_blank(value(column))} THEN '{EMPTY_COLUMN}'" for column in needed(segments))
    if options is not None:
        yield from _option_faults(options, at, segments)


def _option_faults(options: Options, at: int, segments: Iterable[Segment]) -> Iterator[str]:
    count = f"coalesce(len(__choices_{at}), 0)"
    yield f"WHEN {count} = 0 THEN '{NO_OPTIONS}'"
    if any(segment.made == "letter" for segment in (*options.line, *segments)):
        yield f"WHEN {count} > {len(options.letters)} THEN '{TOO_MANY_OPTIONS}'"
    yield f"WHEN coalesce(__right_{at}, 0) NOT BETWEEN 1 AND {count} THEN '{NOT_AN_OPTION}'"


def lacking(template: RenderTemplate) -> Bound:
    """The first column that is needed and empty; '' when there is none."""
    columns = needed(segment for role in template.roles for segment in role.segments)
    cases = " ".join(f"WHEN {is_blank(value(column))} THEN ?" for column in columns)
    return (f"CASE {cases} ELSE '' END", [*columns]) if columns else ("''", [])
