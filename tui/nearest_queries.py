"""Which training rows are most like an item: the rows that its model was trained on, by the words that they share.

Alike is the share of different words that two texts have in common (Jaccard, letters and digits, small), of what users
say in the item's prompt and in the row's conversation; system turns are left out, because they are the same everywhere.
It finds a paraphrase with the same words and misses one with others. One pass over the step's file for the rows that
have most of the item's words somewhere, whose words are then counted: asked only when somebody wants to know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.store import Store
from tui.queries import plan

MOST_WORDS = 400
TELLING_WORDS = 40  # by which likely rows are found: the longest of the item's
LIKELY = 1000  # rows whose words are counted
TRAINING_KINDS = ("render", "mix")


@dataclass(frozen=True, slots=True)
class NearRow:
    """A training row: ``alike`` from 0 to 1, ``shared`` words of the ``words`` that the item has."""

    step_id: str
    row_id: str
    alike: float
    shared: int
    words: int
    text: str
    expected: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """Rows by likeness, of how many, and the steps that they come from; ``why`` says why there are none."""

    rows: tuple[NearRow, ...]
    looked_at: int
    trainings: tuple[str, ...]
    why: str = ""


def nearest(store: Store, run_id: str, eval_name: str, model: str, prompt: str, limit: int = 20) -> Nearest:
    """The rows that a model was trained on, most alike first. Raises DiagnosticError."""
    words = words_of(asked_text(prompt))
    trainings, steps = training_rows(plan(store, run_id), eval_name, model, _rounds(store, run_id))
    if not trainings:
        return Nearest((), 0, (), f"{model} was not trained in this run, so no row of it is known")
    if not words:
        return Nearest((), 0, trainings, "the prompt has no words to compare")
    hashes: dict[str, str] = dict(store.query("SELECT step_id, step_hash FROM steps WHERE run_id = ?", [run_id]))
    found: list[NearRow] = []
    looked_at, (sql, telling) = 0, _sql(words)
    with store.reading() as con:
        for step in steps:
            file = store.root / "objects" / hashes.get(step, "none") / "rows.parquet"
            if not file.is_file():
                continue
            counted = con.execute("SELECT count(*) FROM read_parquet(?)", [str(file)]).fetchone()
            looked_at += counted[0] if counted else 0
            rows = con.execute(sql, {"file": str(file), "words": words, "limit": limit, **telling}).fetchall()
            found += [NearRow(*(step, *row[:3], len(words), *row[3:])) for row in rows]
    ranked = sorted(found, key=lambda row: (-row.alike, row.step_id, row.row_id))[:limit]
    why = "" if looked_at else "the rows of its training are not in the store any more"
    return Nearest(tuple(ranked), looked_at, trainings, why)


# First the rows that have most of the words somewhere, which is quick to tell; of those the words are counted.
_NEAREST = r"""
WITH likely AS (
    SELECT row_id, expected, messages, {hits} AS hits FROM (SELECT *, lower(messages) AS low FROM read_parquet($file))
    ORDER BY hits DESC, row_id LIMIT {likely}
), said AS (
    SELECT row_id, expected, array_to_string([turn->>'content' FOR turn IN json_extract(messages, '$[*]')
        IF turn->>'role' NOT IN ('system', 'assistant')], ' ') AS text FROM likely
), cut AS (
    SELECT *, list_distinct(regexp_extract_all(lower(text), '[\p{{L}}\p{{N}}]+')) AS words FROM said
), scored AS (
    SELECT row_id, expected, text, len(list_intersect(words, $words)) AS shared, len(words) AS own FROM cut
)
SELECT row_id, shared / (own + len($words) - shared) AS alike, shared,
       left(text, 400), left(expected, 400)
FROM scored WHERE shared > 0
QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY shared DESC) = 1
ORDER BY alike DESC, row_id LIMIT $limit
"""


def _sql(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The query, and the longest words by the names that it has for them."""
    telling = sorted(words, key=len, reverse=True)[:TELLING_WORDS]
    given = {f"word_{place}": word for place, word in enumerate(telling)}
    hits = " + ".join(f"contains(low, ${name})::INTEGER" for name in given)
    return _NEAREST.format(hits=hits, likely=LIKELY), given


def _rounds(store: Store, run_id: str) -> dict[str, int]:
    """Select step -> the round whose model a loop chose, once it did."""
    rows = store.query(
        "SELECT step_id, TRY_CAST(summary->>'round' AS INTEGER) FROM steps WHERE run_id = ? AND kind = 'select'",
        [run_id],
    )
    return {step_id: number for step_id, number in rows if number is not None}


def training_rows(
    plan_: Mapping[str, Any], eval_name: str, model: str, rounds: Mapping[str, int] | None = None
) -> tuple[tuple[str, ...], list[str]]:
    """The train steps behind a model of an eval, the last first, and the steps whose rows they read. The model of a
    loop is that of the round that its select step chose (``rounds``)."""
    by_id = {f"{step['kind']}:{step['name']}": step for step in plan_.get("steps", ())}
    asked = (
        step
        for step in by_id.values()
        if step["kind"] == "predict"
        and step.get("local", {}).get("labels", {}).get("eval") == eval_name
        and step["local"]["labels"].get("model") == model
    )
    trainings: list[str] = []
    sources: list[str] = []
    following = [step.get("inputs", {}).get("model") for step in asked]
    while following:
        step_id = following.pop(0)
        step = by_id.get(step_id or "")
        if step is None or step_id is None or step_id in trainings:
            continue
        inputs = step.get("inputs", {})
        if step["kind"] == "train":
            trainings.append(step_id)
            sources += [rows for role, rows in inputs.items() if role == "rows" and rows not in sources]
        own = (f"model:{(rounds or {}).get(step_id)}",) if step["kind"] == "select" else ("base", "model")
        following += [other for role, other in inputs.items() if role in own]
    return tuple(trainings), sources


def asked_text(prompt: str) -> str:
    """What users say in a prompt that is stored as JSON messages; any other text whole."""
    try:
        turns = json.loads(prompt)
        return "\n".join(str(turn["content"]) for turn in turns if turn["role"] not in ("system", "assistant"))
    except (ValueError, TypeError, KeyError):
        return prompt


def words_of(text: str) -> Sequence[str]:
    """Different words of a text, in order."""
    return list(dict.fromkeys(re.findall(r"[^\W_]+", text.lower())))[:MOST_WORDS]
