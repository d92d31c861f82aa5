"""A store in which every text that data, models, judges, a spec, an error or a person can fill is made to do harm.

The sample with a loop, generated rows, a judge, a mixture and an overlap added, so that every screen has something to
show; then each text column gets the taint, some texts a megabyte, and the folder that the store lies in too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runtime.store import Store
from tests.tui.failure_store import OTHER_RUN, copied
from tests.tui.sample_store import HOSTILE, RUN, row_id, step_hash

TAINT = (
    HOSTILE
    + "a\xad\u034f\u115f\u1160\u3164\u180e\ufe0f\uffa0\U000e0100"
    + "\u200b\u200d\ufeff\u2066\u2069\u061c 👩\u200d👩\u200d👧 e\u0301 ﷽ [/] [@click=app.quit]x[/] \x9b31m\x7f\t"
)
LONG = "x" * 1_000_000
FOLDER = "of \x1b[31mred\x1b[0m [bold]b \u202e [@click=app.quit]x 👩\u200d👧"
MESSAGES = json.dumps({"findings": [{"code": "SFT0570", "message": TAINT, "help": TAINT}], "note": TAINT})
# Table -> columns with free text.
FILLED = {
    "predictions": ("prompt", "output", "expected", "stop_reason"),
    "item_metrics": ("reason",),
    "gates": ("text", "reason", "test"),
    "runs": ("error",),
    "rules": ("text", "reason"),
    "ledger": ("value", "detail", "file"),
    "steps": ("reason", "error"),
    "sources": ("path", "licence", "origin"),
    "environment": ("value",),
    "baselines": ("name", "note"),
    "candidates": ("value", "detail"),
    "judgements": ("reason", "policy_version"),
    "agreement": ("slice_value", "statistic", "which", "method"),
    "round_figures": ("reason", "figure"),
    "overlap_items": ("matched",),
    "findings": ("message", "help", "path"),
    "item_slices": ("value",),
    "spec_files": ("text",),
}


def build(root: Path, hostile: Store) -> Store:
    """``hostile`` is the sample that was built with hostile rows, a plan and a run."""
    folder = root / FOLDER
    folder.mkdir()
    store = copied(hostile, folder, taint=TAINT)
    plan = json.loads(store.query("SELECT plan FROM runs WHERE run_id = ?", [RUN])[0][0])
    spec = "\n".join(f'filter f{n} {{ keep words(q) > {n} because "{TAINT}" }}' for n in range(40)) + "\n# " + LONG
    with store.writing() as con:
        _more_steps(con, plan)
        con.execute("UPDATE runs SET plan = ?, error = '' WHERE run_id = ?", [json.dumps(plan), RUN])
        con.execute("UPDATE steps SET summary = ?, error = '' WHERE run_id = ? AND summary = '{}'", [MESSAGES, RUN])
        con.execute("INSERT INTO spec_files VALUES (?, 0, ?, ?)", [RUN, "triage.sft" + TAINT, spec])
        con.execute("INSERT INTO findings VALUES (?, 0, 'train:tuned', 'SFT0570', 'm', 'h', 'p', 3, 1, 'error')", [RUN])
        con.execute("UPDATE steps SET step_hash = 'other' WHERE run_id = ? AND kind = 'train'", [OTHER_RUN])
        con.execute("INSERT INTO train_steps SELECT * REPLACE ('other' AS step_hash) FROM train_steps")
        for table, columns in FILLED.items():
            for column in columns:
                con.execute(f"UPDATE {table} SET {column} = concat({column}, ?)", [TAINT])
        for table, column in (("candidates", "rule"), ("judgements", "label")):  # none of them says something
            con.execute(f"UPDATE {table} SET {column} = {column} || ?", [TAINT])
        con.execute(
            "INSERT INTO runs SELECT * REPLACE (run_id || ? AS run_id, status || ? AS status, verdict || ? AS verdict, "
            "started_at - INTERVAL 2 DAY AS started_at) FROM runs WHERE run_id = ?",
            [TAINT, TAINT, TAINT, RUN],
        )
        con.execute("UPDATE predictions SET output = ? || output WHERE rowid % 9 = 0", [LONG])
        con.execute("UPDATE predictions SET prompt = prompt || ? WHERE rowid % 9 = 1", [LONG])
        con.execute("UPDATE predictions SET expected = ? WHERE rowid % 9 = 2", [LONG + TAINT])
        con.execute(
            "INSERT INTO marks SELECT 'format', 'chatty', row_id, ?, ?, 'tuned', step_hash, now(), 0 "
            "FROM predictions WHERE step_hash IN (SELECT step_hash FROM steps WHERE name = 'format.tuned.chatty')",
            [TAINT, RUN],
        )
    return store


def _more_steps(con: Any, plan: dict[str, Any]) -> None:
    """A generate, a judge, a decontaminate, a mix, and a loop of two rounds, with what they leave in the store."""
    content = json.dumps({"q" + TAINT: "asked " + TAINT, "a": LONG + TAINT})
    labels = {"rows:0": "one" + TAINT, "rows:1": "two" + TAINT}
    made = _step(con, plan, "generate", "made", {}, {"ended_because": TAINT})
    judged = _step(con, plan, "judge", "kind.answers", {"judge": "kind" + TAINT, "policy": "p" + TAINT}, {})
    clean = _step(con, plan, "decontaminate", "triage.train", {}, {})
    mixed = _step(con, plan, "mix", "both", labels, {})
    loop = {"loop": "star" + TAINT}
    watch = {"best": {"eval": "right", "metric": "exact"}}
    for number in (1, 2):
        guard = _step(con, plan, "guard", f"star.{number}", {**loop, "number": str(number)}, {})
        round_ = _step(con, plan, "round", f"star.{number}", {**loop, "number": str(number)}, {}, watch)
        for step, figure in ((guard, "acceptance"), (round_, "right.exact")):
            con.execute(
                "INSERT INTO round_figures VALUES (?, ?, 0.5, 0.4, 0.6, 0.95, 100, 'share', NULL, NULL, false, 'r')",
                [step, figure],
            )
    _step(con, plan, "select", "star", loop, {"round": 1, "by": "right.exact" + TAINT})
    for number in range(30):
        verdict, rule = ("accepted", None) if number % 3 == 0 else ("rejected", ("novelty", "verify")[number % 2])
        con.execute(
            "INSERT INTO candidates VALUES (?, ?, ?, ?, 1, ['p'], ['r'], ?, ?, 'v', 'd', ?, 0.5, ?, NULL)",
            [made, number, row_id(number + 1), number % 2, verdict, rule, row_id(40), content],
        )
        con.execute(
            "INSERT INTO judgements VALUES (?, ?, 0, 0, ?, 0, NULL, ?, NULL, 'v')",
            [judged, row_id(number + 1), None if number % 5 == 0 else f"label {number % 4}", f"why {number % 2}"],
        )
        con.execute(
            "INSERT INTO overlap_items VALUES (?, 0, ?, 20, ?, ?, 15, 'charged twice for order')",
            [clean, row_id(301 + number), number % 2, row_id(number + 1)],
        )
    for part in ("rows:0", "rows:1"):
        con.execute("INSERT INTO mixture_counts VALUES (?, ?, 10, 0.5, 10.5, 10, 2)", [mixed, part])
    con.execute("INSERT INTO rules VALUES (?, 'decontaminate:triage.train', '0', 'against', 'because')", [RUN])
    con.execute(
        "INSERT INTO agreement VALUES (?, '*', '*', 'kappa', '', 9, 0, 0.5, 0, 1, 0.95, 'plain', 'm')", [judged]
    )
    con.execute(
        "INSERT INTO agreement VALUES (?, 'k', 'v', 'alpha', 'w', 9, 1, 0.5, 0, 1, 0.95, 'share', 'm')", [judged]
    )


def _step(
    con: Any,
    plan: dict[str, Any],
    kind: str,
    name: str,
    labels: dict[str, str],
    summary: dict[str, Any],
    params: dict[str, Any] | None = None,
) -> str:
    """Its hash."""
    own = step_hash(f"{kind}:{name}")
    con.execute(
        "INSERT INTO steps (run_id, ordinal, step_id, kind, name, step_hash, labels, status, reason, rows_in, "
        "rows_out, rows_dropped, seconds, summary) VALUES (?, ?, ?, ?, ?, ?, ?, 'done', 'new', 20, 15, 5, 1.5, ?)",
        [RUN, 50 + len(plan["steps"]), f"{kind}:{name}", kind, name, own, json.dumps(labels), json.dumps(summary)],
    )
    about = {
        "kind": kind,
        "name": name,
        "params": params or {},
        "local": {"labels": labels},
        "inputs": {},
        "content": {},
        "place": {"path": "triage.sft" + TAINT, "line": 3, "column": 1, "end_line": 3, "end_column": 2},
    }
    plan["steps"].append({**about, "hash": own})
    return own
