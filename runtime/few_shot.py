"""Examples in prompts: drawn for each row by its hash, or once for all, from training rows; never one that asks what
the row asks.

The rows to draw from are put into an order by hash, each question once. A row walks through them from a place and with
a stride that its own hash gives; strides have no factor in common with the number of rows, so no example comes twice,
and a walk is one longer than the examples that are needed, because at most one is the row's own. One join over rows
times examples, in SQL: 80,000 rows with 5 examples of 100 characters each take 5 s of one core and 400 MB.
"""

from __future__ import annotations

import hashlib
from math import gcd
from typing import Any

from compiler.step_params import FewShot, RenderTemplate
from runtime.relational import Engine
from runtime.row_hashes import hash_number, plain_text
from runtime.template_sql import Bound, fault, faults, text, turns, value, with_options
from spec_lang.diagnostics import fatal

_STRIDES = 64


def draw(db: Engine, template: RenderTemplate, at: int, chosen: Bound, source: str, name: str) -> None:
    """Make the table ``shots_N``: rows by ``__ord`` with the list ``__shots_N`` of their examples, as text or as JSON
    of two turns. ``chosen`` selects the rows with the number of their template, ``source`` the rows to draw from.

    Raises DiagnosticError SFT0440 (fewer examples there than a row needs).
    """
    few_shot = template.few_shot
    assert few_shot is not None
    sql, bound = _pool(template, at, few_shot, source)
    db.execute(f"CREATE TABLE pool_{at} AS {sql}", bound)
    there = int(db.value(f"SELECT count(*) FROM pool_{at}"))
    if there < few_shot.count:
        raise fatal(
            "SFT0440",
            f"template `{name}` shows {few_shot.count} examples, and there are {there} rows to draw them from",
            "show fewer, or draw from more `rows`; those that ask the same count once, incomplete ones do not count",
        )
    sql, bound = _walk(few_shot, at, there, chosen)
    db.execute(f"CREATE TABLE shots_{at} AS {sql}", bound)


def statements(template: RenderTemplate, at: int, chosen: str) -> list[str]:
    """The SQL of a draw, for reading; ``examples`` stands for the rows that are drawn from."""
    few_shot = template.few_shot
    assert few_shot is not None
    return [_pool(template, at, few_shot, "SELECT * FROM examples")[0], _walk(few_shot, at, 1, (chosen, []))[0]]


def _pool(template: RenderTemplate, at: int, few_shot: FewShot, source: str) -> Bound:
    """Rows to draw from in the order of their hashes, of those that ask the same the first one."""
    part: Bound = (f"{source} WHERE __split = ?", [few_shot.part]) if few_shot.part is not None else (source, [])
    rows, bound = with_options([(at, template)], part)
    shot, shown = _shot(template, at, few_shot)
    whole, holes = _is_whole(template, at, few_shot)
    return (
        f"SELECT row_number() OVER (ORDER BY place, row_id) - 1 AS pos, key, shot\nFROM (\n"
        f"  SELECT *, row_number() OVER (PARTITION BY key ORDER BY place, row_id) AS nth FROM (\n"
        f"    SELECT __row_id AS row_id, {hash_number('? || __row_id')} AS place, {_key(few_shot)} AS key,\n"
        f"      {shot} AS shot\n    FROM ({rows}) WHERE {whole}\n  )\n) WHERE nth = 1"
    ), [f"{few_shot.seed}:pool:", *shown, *bound, *holes]


def _walk(few_shot: FewShot, at: int, there: int, chosen: Bound) -> Bound:
    """The examples of each row, in the order of its walk."""
    sql, bound = chosen
    number = hash_number("? || __row_id")
    place, stride = f"{number} % {there}", f"(?::BIGINT[])[{number} % ? + 1]"
    drawn = [f"{few_shot.seed}:place:", *_strides(few_shot.seed, there)]
    if few_shot.once:  # every walk begins with the first row of the pool and takes the next ones
        place, stride, drawn = "0", "1", []
    return (
        f"SELECT __ord, list(shot ORDER BY step)[1:{few_shot.count}] AS __shots_{at}\nFROM (\n"
        f"  SELECT __ord, key, step, (place + step * stride) % {there} AS pos FROM (\n"
        f"    SELECT __ord, {_key(few_shot)} AS key, {place} AS place, {stride} AS stride\n"
        f"    FROM ({sql}) WHERE __template = {at}\n"
        f"  ) CROSS JOIN (SELECT unnest(range({min(few_shot.count + 1, there)})) AS step)\n"
        f") AS walk JOIN pool_{at} AS pool USING (pos) WHERE pool.key <> walk.key GROUP BY __ord"
    ), [*drawn, *bound]


def _strides(seed: int, there: int) -> list[Any]:
    """Parameters of the choice of a stride: the strides, the salt, and how many strides there are."""
    found: dict[int, None] = {}
    for number in range(50 * _STRIDES):
        digest = hashlib.sha256(f"{seed}:stride:{number}".encode()).digest()
        stride = 1 + int.from_bytes(digest[:8], "big") % max(1, there - 1)
        if gcd(stride, there) == 1:
            found[stride] = None
        if len(found) == _STRIDES:
            break
    strides = list(found) or [1]
    return [strides, f"{seed}:stride:", len(strides)]


def _key(few_shot: FewShot) -> str:
    """What an example may not share with the row that it is for: what is asked, but for case and white space."""
    if not few_shot.asked:
        return "__row_id"
    return " || chr(31) || ".join(f"coalesce({plain_text(value(column))}, '')" for column in few_shot.asked)


def _shot(template: RenderTemplate, at: int, few_shot: FewShot) -> Bound:
    if few_shot.text is not None:
        return text(few_shot.text, at)
    pieces, bound = [], []
    for role, (content, values) in turns(template, at):
        if role != "system":
            pieces.append(turn(role, content, is_example=role == "assistant"))
            bound += values
    return " || ',' || ".join(pieces), bound


def turn(role: str, content: str, *, is_example: bool = False) -> str:
    """A turn as JSON; the loss does not fall on the answers of examples."""
    loss = ", 'loss': false" if is_example else ""
    return f"to_json({{'role': '{role}', 'content': {content}{loss}}})::VARCHAR"


def _is_whole(template: RenderTemplate, at: int, few_shot: FewShot) -> Bound:
    """Whether a row has all that an example shows."""
    if few_shot.text is None:
        sql, bound = fault(template, at, examples=False)
        return f"({sql}) IS NULL", bound
    cases = " ".join(faults(few_shot.text, template.options, at))
    return (f"(CASE {cases} END) IS NULL" if cases else "true"), []
