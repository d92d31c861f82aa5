"""A predict step over files in a folder; run as a program, it is a process of its own that a test can kill.

``python -m tests.runtime.inference.predict_process ROOT MODEL NEW_TOKENS`` answers the prompts under ``ROOT/prompts``
until the first answers are kept, and then waits to be killed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compiler.plan import Place, Step, StepKind, step_hash
from compiler.step_params import Greedy, PredictParams
from runtime.context import StepContext, StopFlag
from runtime.events import Event, EventWriter
from runtime.relational import engine
from runtime.store import Store

PLACE = Place(path="t.sft", line=1, column=1, end_line=1, end_column=2)


def predict_context(root: Path, model: Path, decode: Any, inputs: Mapping[str, Path], samples: int = 1) -> StepContext:
    """The same arguments give the same step, so a second process continues the first one's."""
    params = PredictParams(decode=decode, precision="fp32", samples=samples)
    folders = {"prompts": root / "prompts", **inputs}
    digest = step_hash(StepKind.PREDICT, 1, params, {role: role for role in folders}, {})
    step = Step(
        kind=StepKind.PREDICT, name="e.m.t", params=params, inputs=dict.fromkeys(folders, "render:x"), content={},
        local={"weights": str(model), "chat_template": None, "labels": {}}, place=PLACE, version=1, hash=digest,
    )  # fmt: skip
    out = root / "out"
    out.mkdir(exist_ok=True)
    events = EventWriter(root / "events.jsonl")
    return StepContext(step, "r1", root, folders, {}, out, Store(root / ".sft"), events, StopFlag())


def write_prompts(
    folder: Path, rows: list[tuple[str, list[dict[str, str]]]], options: Sequence[str] | None = None
) -> None:
    """A render artifact; the last assistant turn of a conversation is what is expected. ``options`` are every row's."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        {"row_id": row_id, "template_hash": "t", "messages": json.dumps(said), "expected": _expected(said)}
        for row_id, said in rows
    ]
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns = "{row_id: 'VARCHAR', template_hash: 'VARCHAR', messages: 'VARCHAR', expected: 'VARCHAR'}"
    listed = "" if options is None else f", '{json.dumps(options)}' AS options"
    with engine(folder) as db:
        db.copy(f"SELECT *{listed} FROM read_json('{source}', columns = {columns})", folder / "rows.parquet")


def _expected(messages: list[dict[str, str]]) -> str:
    return messages[-1]["content"] if messages and messages[-1]["role"] == "assistant" else ""


if __name__ == "__main__":
    from runtime import unwritten_rows
    from runtime.steps import predict

    def wait(event: Event) -> None:
        if event.kind == "progress" and event.data["done"]:
            time.sleep(600)

    unwritten_rows.KEEP_SECONDS = 0.0
    context = predict_context(Path(sys.argv[1]), Path(sys.argv[2]), Greedy(max_new_tokens=int(sys.argv[3])), {})
    context.events.listeners.append(wait)
    predict.run(context)
