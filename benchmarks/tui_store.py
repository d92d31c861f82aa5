"""A store with a million predictions, written straight into its tables: 500,000 items, two models, one template.

Texts are made of phrases picked by a hash, so they compress about as well as real ones do and are the same on every
machine. `tuned` is right on 90% of the items and `base` on 60%; wrong answers are of every cause. There is a gate with
a failed requirement, a training set of 100,000 rows, and slices by category and language.
"""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runtime.row_files import RENDERS, second_name
from runtime.store import Store

ITEMS = 500_000
TRAINING_ROWS = 100_000
RUN = "20261129-090000-b1g5"
EVAL = "support"
MODELS = ("base", "tuned")
_STARTED = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)

_PHRASES = {
    "opening": ("Hello,", "Hi there.", "Good morning,", "Please help:", "To whom it may concern,", "Dear team,"),
    "matter": (
        *("I was charged twice for my order", "the parcel has not moved for a week", "I cannot sign in any more"),
        *("the lamp arrived with a crack in its foot", "my voucher is refused at the till"),
        *("the invoice shows the wrong company name", "nobody answered my last three letters"),
    ),
    "detail": (
        *("and the bank says that both payments went through", "although I paid for express delivery"),
        *("since I changed my address in the settings", "and the shop around the corner cannot mend it"),
        *("which I got for my birthday in spring", "so that our bookkeeping sends it back each time"),
    ),
    "closing": ("Thank you.", "I need this sorted out today!", "Kind regards", "Please call me back.", "Best,"),
}
_CATEGORIES = ("billing", "delivery", "account", "returns", "vouchers")


def _pick(name: str, salt: int) -> str:
    texts = ", ".join("'" + text.replace("'", "''") + "'" for text in _PHRASES[name])
    return f"([{texts}])[1 + (hash(i + {salt}) % {len(_PHRASES[name])})::INTEGER]"


_MESSAGE = (
    f"{_pick('opening', 1)} || ' ' || {_pick('matter', 2)} || ' ' || {_pick('detail', 3)} || '. The order is A-' "
    f"|| (i % 100000) || '. ' || {_pick('detail', 4)} || '. ' || {_pick('closing', 5)}"
)
_CATEGORY = f"({list(_CATEGORIES)})[1 + (hash(i + 7) % {len(_CATEGORIES)})::INTEGER]"
_LABEL = (
    f'\'{{"category": "\' || {_CATEGORY} || \'", "order": "A-\' || (i % 100000) || \'", "urgent": \' '
    "|| (hash(i + 8) % 3 = 0) || '}'"
)
_SYSTEM = "Triage the support message. Reply with JSON: category, order, urgent."


def make(folder: Path, items: int = ITEMS, training_rows: int = TRAINING_ROWS) -> Store:
    """The store in a folder; what is there already, made in the same way, is kept."""
    store, done = Store(folder / ".sft"), folder / f"made-{items}-{training_rows}"
    if done.exists():
        return store
    store.create()
    _run(store, items, training_rows)
    measure = _hash("measure", EVAL)
    with store.writing() as con:
        con.execute(
            f"CREATE TEMP TABLE made AS SELECT i, md5(i::VARCHAR) AS row_id, {_CATEGORY} AS category, "
            f'{_LABEL} AS expected, \'[{{"role": "system", "content": "{_SYSTEM}"}}, {{"role": "user", '
            f'"content": "\' || {_MESSAGE} || \'"}}]\' AS prompt FROM range({items}) t(i)'
        )
        for model, share in zip(MODELS, (60, 90), strict=True):
            right = f"hash(i + {len(model)}) % 100 < {share}"
            con.execute(
                f"""
                INSERT INTO predictions
                SELECT '{_hash("predict", f"{EVAL}.{model}.plain")}', row_id, 0, prompt,
                    CASE WHEN {right} THEN expected
                         WHEN i % 7 = 0 THEN '' WHEN i % 7 = 1 THEN 'I''m sorry, but I can''t help with that request.'
                         WHEN i % 7 < 4 THEN replace(expected, category, 'other')
                         ELSE 'The customer writes about ' || category || ' and wants an answer soon.' END,
                    expected, CASE WHEN NOT {right} AND i % 7 = 4 THEN 'length' ELSE 'end_of_turn' END,
                    70 + (i % 40), 20 + (hash(i + 9) % 60)::INTEGER, 0.05 + (hash(i + 10) % 1000) / 400,
                    TIMESTAMPTZ '2026-11-29 09:30:00+00', NULL
                FROM made
                """
            )
            for metric, value in (("exact", right), ("json", f"{right} OR i % 7 IN (2, 3)")):
                con.execute(
                    f"INSERT INTO item_metrics SELECT '{measure}', '{model}', 'plain', row_id, '{metric}', "
                    f"CASE WHEN i % 20011 = 5 THEN NULL ELSE ({value})::DOUBLE END, NULL, NULL FROM made"
                )
        con.execute(
            f"INSERT INTO item_slices SELECT '{measure}', row_id, 'category', category FROM made UNION ALL "
            f"SELECT '{measure}', row_id, 'language', CASE WHEN i % 9 = 0 THEN 'de' ELSE 'en' END FROM made"
        )
        con.execute(
            f"""
            INSERT INTO metrics SELECT step_hash, model, '*', metric, '*', '*', count(*), count_if(value IS NULL),
                avg(value), avg(value) - 0.001, avg(value) + 0.001, 0.95, 'share', 'wilson'
            FROM item_metrics WHERE step_hash = '{measure}' GROUP BY ALL
            """
        )
    _training(store, training_rows)
    done.touch()
    return store


def _hash(kind: str, name: str) -> str:
    import hashlib

    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:32]


def _training(store: Store, rows: int) -> None:
    folder = store.root / "objects" / _hash("render", "support.train")
    folder.mkdir(parents=True, exist_ok=True)
    with store.writing() as con:
        con.execute(
            f'COPY (SELECT md5(\'t\' || i) AS row_id, \'h\' AS template_hash, \'[{{"role": "user", "content": "\' || '
            f'{_MESSAGE} || \'"}}, {{"role": "assistant", "content": "answer"}}]\' AS messages, {_LABEL} AS expected '
            f"FROM (SELECT i * 3 AS i FROM range({rows}) t(i))) TO '{folder / 'rows.parquet'}' (FORMAT parquet)"
        )
    second_name(folder / "rows.parquet", RENDERS)


def _run(store: Store, items: int, training_rows: int) -> None:
    steps: list[tuple[str, str, dict[str, str], int]] = [
        ("render", "support.train", {"task": "support", "part": "train"}, training_rows),
        ("train", "tuned", {"train": "tuned"}, training_rows),
        *(("predict", f"{EVAL}.{m}.plain", {"eval": EVAL, "model": m, "template": "plain"}, items) for m in MODELS),
        ("measure", EVAL, {"eval": EVAL}, 2 * items),
        ("gate", "release", {"gate": "release"}, 1),
    ]
    columns = ("run_id", "spec", "plan_hash", "plan", "status", "verdict", "started_at", "ended_at", "pid", "host")
    end = _STARTED + timedelta(hours=3)
    head = (RUN, "support.sft", "p" * 64, json.dumps(_plan()), "done", "fail", _STARTED, end, os.getpid())
    store.insert("runs", columns, [(*head, socket.gethostname())])
    names = ("run_id", "ordinal", "step_id", "kind", "name", "step_hash", "labels", "status", "rows_in", "rows_out")
    rows = [
        (
            RUN,
            place,
            f"{kind}:{name}",
            kind,
            name,
            _hash(kind, name),
            json.dumps(labels),
            "done",
            size,
            size,
            0,
            60.0,
            "{}",
        )
        for place, (kind, name, labels, size) in enumerate(steps)
    ]
    store.insert("steps", (*names, "rows_dropped", "seconds", "summary"), rows)
    gate = (
        _hash("gate", "release"),
        0,
        0,
        "support.exact(tuned) >= 95% at 95%",
        "fail",
        "The bound is below the floor.",
    )
    figures = (0.9, 0.899, 0.901, 0.8993, 0.95, 0.95, items, "share", "one-sided Wilson bound")
    names = ("step_hash", "requirement", "part", "text", "verdict", "reason", "estimate", "low", "high", "bound")
    store.insert("gates", (*names, "threshold", "level", "n", "unit", "test"), [(*gate, *figures)])


def _plan() -> dict[str, Any]:
    metrics = [
        {"name": "exact", "function": "exact_match", "args": {}, "unit": "share"},
        {"name": "json", "function": "valid_json", "args": {}, "unit": "share"},
    ]
    metric = {"input": EVAL, "eval": EVAL, "metric": "exact", "model": "tuned", "unit": "share"}
    requirement = {"rule": "bound", "text": "support.exact(tuned) >= 95% at 95%", "metric": metric, "threshold": "0.95"}
    own = {"hash": _hash("measure", EVAL), "local": {"labels": {"eval": EVAL}}}
    predict = {"kind": "predict", "decode": {"method": "greedy", "max_new_tokens": 80}, "precision": "auto"}
    steps: list[dict[str, Any]] = [
        {"kind": "train", "name": "tuned", "params": {"kind": "train"}, "inputs": {"rows": "render:support.train"}},
        {"kind": "measure", "name": EVAL, "params": {"kind": "measure", "metrics": metrics, "slices": []}, **own},
        {"kind": "gate", "name": "release", "params": {"requirements": [requirement]}, "local": {"reasons": [None]}},
    ]
    for model in MODELS:
        trained = {"model": "train:tuned"} if model == "tuned" else {}
        labels = {"eval": EVAL, "model": model, "template": "plain"}
        step = {"kind": "predict", "name": f"{EVAL}.{model}.plain", "params": predict, "inputs": trained}
        steps.append({**step, "local": {"labels": labels}})
    return {"format": 1, "edition": 2026, "spec": "support.sft", "steps": steps}
