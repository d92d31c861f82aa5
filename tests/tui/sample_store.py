"""A store as the triage quickstart leaves it, written through ``Store`` and without running anything.

612 lines in, drops of every kind, one LoRA training of 50 steps, two models under two templates on
60 held-out tickets, and a gate with all three verdicts. Everything is a function of ``SEED``. With
``hostile`` every text that could come from data, a model or a spec carries escape sequences, markup
and bidirectional controls.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runtime import processes
from runtime.events import EVENTS, EventWriter
from runtime.row_files import EXAMPLES
from runtime.run_record import PROCESS
from runtime.store import Store, insert_rows

SEED = 7
RUN = "20261124-101500-a1b2"
STARTED = datetime.now(UTC) - timedelta(minutes=3)
HOSTILE = "\x1b[31mred\x1b[0m [bold]markup[/bold] \x1b]52;c;aGk=\x07 \u202egnp.exe {x} '; DROP TABLE runs; --\n\x00"
CATEGORIES = ("billing", "delivery", "account")
TEMPLATES = ("plain", "chatty")
MODELS = ("smol", "tuned")
RULES = (
    ("keep words(instruction) in 3..80", "too short or too long to be a ticket"),
    ('drop instruction matches r"(?i)lorem ipsum"', None),
    ("dedup exact on instruction", None),
    ("dedup near on instruction at 90%", None),
    ("drop characters(output) > 400", None),
)
STEPS: tuple[tuple[str, str, dict[str, str], int, int, int, float], ...] = (
    ("ingest", "tickets", {"source": "tickets"}, 612, 611, 1, 0.21),
    ("filter", "triage.clean", {"task": "triage"}, 611, 573, 38, 0.64),
    ("split", "triage", {"task": "triage"}, 573, 573, 0, 0.05),
    ("render", "triage.train", {"task": "triage", "part": "train"}, 401, 400, 1, 0.09),
    ("render", "triage.validation", {"task": "triage", "part": "validation"}, 57, 57, 0, 0.04),
    ("train", "tuned", {"train": "tuned"}, 400, 399, 1, 61.4),
    ("render", "format.plain", {"eval": "format", "template": "plain"}, 60, 60, 0, 0.03),
    ("render", "format.chatty", {"eval": "format", "template": "chatty"}, 60, 60, 0, 0.03),
    *(
        ("predict", f"format.{m}.{t}", {"eval": "format", "model": m, "template": t}, 60, 60, 0, 4.2)
        for m in MODELS
        for t in TEMPLATES
    ),
    ("measure", "format", {"eval": "format"}, 240, 240, 0, 0.31),
    ("gate", "release", {"gate": "release"}, 5, 5, 0, 0.12),
)
GATE_COLUMNS = ("text", "verdict", "estimate", "low", "high", "bound", "threshold", "level", "n", "test", "unit")
GATE_COLUMNS += ("gained", "lost", "p_value", "minimum_detectable")
EXACT = {"estimate": 0.925, "low": 0.858, "high": 0.966, "n": 120, "unit": "share"}
REQUIREMENTS: tuple[dict[str, Any], ...] = (
    {
        "text": "require format.exact(tuned) >= 80% at 95%",
        **EXACT,
        "verdict": "pass",
        "bound": 0.871,
        "threshold": 0.8,
        "level": 0.95,
        "test": "Korn-Graubard one-sided bound",
    },
    {
        "text": "require format.exact(tuned) no_worse_than smol by 2pt at 95%",
        **EXACT,
        "verdict": "pass",
        "bound": 0.868,
        "threshold": -0.02,
        "level": 0.95,
        "gained": 111,
        "lost": 0,
        "p_value": 1e-9,
        "minimum_detectable": 0.06,
        "test": "paired t, sign-flip",
    },
    {
        "text": "require format.json(tuned) >= 95%",
        "verdict": "pass",
        "estimate": 0.992,
        "low": 0.954,
        "high": 1.0,
        "threshold": 0.95,
        "n": 120,
        "unit": "share",
        "test": "estimate",
    },
    {
        "text": "require format.exact(tuned) >= 95% each category at 95%",
        **EXACT,
        "verdict": "inconclusive",
        "threshold": 0.95,
        "level": 0.95,
        "test": "Clopper-Pearson each slice",
    },
    {
        "text": "require spread(format.exact(tuned), templates) <= 10pt",
        "verdict": "fail",
        "estimate": 0.117,
        "low": 0.05,
        "high": 0.19,
        "threshold": 0.10,
        "n": 60,
        "unit": "share",
        "test": "bootstrap over items",
    },
)
REASONS = {
    "pass": "The estimate is 92.5% on 120 answers to 60 items; the one-sided 95% bound 87.1% clears the threshold.",
    "fail": "The means of the templates are 98.3% (plain) and 86.7% (chatty): they differ by 11.7pt, more than the "
    "10pt allowed. Training on both templates, or a wider limit, would change the verdict.",
    "inconclusive": "delivery: 19 of 20 answers are right, but 20 items cannot prove 95%: "
    "about 93 without a miss would.",
}


def build(root: Path, *, status: str = "done", hostile: bool = False, pid: int | None = None) -> Store:
    """A store with one run. ``running`` and ``interrupted`` stop in the training, with the pid given or our own."""
    store = Store(root / ".sft").create()
    sample = _Sample(store, random.Random(SEED), HOSTILE if hostile else "", status, pid or os.getpid())
    sample.write()
    return store


class _Sample:
    def __init__(self, store: Store, rng: random.Random, taint: str, status: str, pid: int) -> None:
        self.store, self.rng, self.taint, self.status, self.pid = store, rng, taint, status, pid
        self.rows = [self._ticket(number) for number in range(1, 613)]
        for number in range(100, 112):  # exact duplicates of lines 60 to 71, near ones of 150 to 172
            self.rows[number - 1] = (row_id(number), self.rows[number - 41][1])
        for number in range(200, 223):
            near = self.rows[number - 51][1]
            self.rows[number - 1] = (row_id(number), {**near, "instruction": near["instruction"] + " Regards"})

    def write(self) -> None:
        self._run()
        self._data()
        self._training()
        self._events()
        if self.status == "done":
            self._predictions()
            self._gates()

    def _ticket(self, number: int) -> tuple[str, dict[str, str]]:
        rng, category = self.rng, CATEGORIES[number % 3]
        order = f"A-{rng.randint(1000, 9999)}"
        opening = rng.choice(("Hello,", "Hi there.", "Good morning,", "Please help:", "To whom it may concern,"))
        matter = {
            "billing": f"I was charged twice for order {order} and want the second payment back",
            "delivery": f"the parcel for {order} has not moved in {rng.randint(3, 9)} days",
            "account": f"I cannot sign in since I changed my address; my last order was {order}",
        }[category]
        urgent = rng.random() < 0.4
        message = f"{opening} {matter}.{' I need this sorted out today!' if urgent else ' Thank you.'}{self.taint}"
        label = json.dumps({"category": category, "order": order, "urgent": urgent})
        return row_id(number), {"instruction": message, "output": label, "channel": rng.choice(("mail", "chat"))}

    def _hash(self, step: str) -> str:
        return step_hash(step)

    def _state(self, position: int) -> str:
        if self.status == "done":
            return "cached" if position < 2 else "done"
        return "done" if position < 5 else "running" if position == 5 else "pending"

    def _run(self) -> None:
        over = self.status == "done"
        status = "running" if self.status in ("running", "interrupted") else self.status
        row = (
            RUN,
            "triage.sft" + self.taint,
            "p" * 64,
            json.dumps(_plan(self.taint)),
            status,
            "fail" if over else None,
            STARTED,
        )
        tail = (STARTED + timedelta(seconds=84) if over else None, self.pid, socket.gethostname(), None)
        names = ("run_id", "spec", "plan_hash", "plan", "status", "verdict", "started_at", "ended_at", "pid", "host")
        self.store.insert("runs", (*names, "error"), [(*row, *tail)])
        columns = ("run_id", "ordinal", "step_id", "kind", "name", "step_hash", "labels", "status", "reason", "rows_in")
        more = ("rows_out", "rows_dropped", "seconds", "summary", "line", "col")
        rows = []
        for position, (kind, name, labels, taken, given, dropped, seconds) in enumerate(STEPS):
            state = self._state(position)
            counts = (taken, given, dropped, seconds) if state in ("done", "cached") else (None,) * 4
            reason = None if state == "cached" else f"learning_rate: 0.0005 -> 0.001 (triage.sft:41){self.taint}"
            head = (RUN, position, f"{kind}:{name}", kind, name, self._hash(f"{kind}:{name}"), json.dumps(labels))
            rows.append((*head, state, reason, *counts, "{}", 10 + position, 1))
        self.store.insert("steps", (*columns, *more), rows)
        rules = [(RUN, "filter:triage.clean", str(i), text + self.taint, why) for i, (text, why) in enumerate(RULES)]
        self.store.insert("rules", ("run_id", "step_id", "rule", "text", "reason"), rules)
        environment = {"python": "3.11.9", "package:torch": "2.13.0", "cores": "2", "git:commit": "0" * 40 + self.taint}
        environment[PROCESS] = processes.identity(self.pid)
        self.store.insert("environment", ("run_id", "key", "value"), [(RUN, k, v) for k, v in environment.items()])
        source = (RUN, self._hash("ingest:tickets"), "tickets", "tickets.jsonl", "c" * 64, "CC0-1.0", "human", 612, 1)
        columns = ("run_id", "step_hash", "name", "path", "content_hash", "licence", "origin", "rows", "unreadable")
        self.store.insert("sources", columns, [source])

    def _data(self) -> None:
        file = "tickets.jsonl"
        examples = [
            (identity, file, number, json.dumps(content))
            for number, (identity, content) in enumerate(self.rows, 1)
            if number != 217
        ]
        folder = self.store.root / "objects" / self._hash("ingest:tickets")
        folder.mkdir(parents=True, exist_ok=True)
        with self.store.writing() as con:
            con.execute("CREATE TEMP TABLE rows (row_id VARCHAR, file VARCHAR, line BIGINT, content VARCHAR)")
            insert_rows(con, "rows", ("row_id", "file", "line", "content"), examples)
            con.execute(f"COPY rows TO '{folder / EXAMPLES}' (FORMAT parquet)")
        clean = self._hash("filter:triage.clean")
        drops: list[tuple[Any, ...]] = [
            (self._hash("ingest:tickets"), "unreadable", None, 217, None, None, "Expecting ',' delimiter: column 48"),
            (clean, "0", row_id(31), 31, "2", None, None),
            (clean, "0", row_id(402), 402, "93", None, None),
            (clean, "1", row_id(77), 77, "Lorem Ipsum", None, None),
            (self._hash("render:triage.train"), "empty_column", row_id(90), 90, None, None, "`output` is empty"),
            (self._hash("train:tuned"), "max_length", row_id(91), 91, "538", None, "538 tokens, over max_length 512"),
        ]
        drops += [(clean, "2", row_id(k), k, None, row_id(k - 40), None) for k in range(100, 112)]
        drops += [(clean, "3", row_id(k), k, f"{0.9 + k / 10000:.3f}", row_id(k - 50), None) for k in range(200, 223)]
        columns = ("step_hash", "rule", "row_id", "line", "value", "survivor", "detail", "file")
        taint = self.taint
        self.store.insert(
            "ledger", columns, [(*row[:6], (row[6] or "") + taint if row[6] or taint else None, file) for row in drops]
        )

    def _points(self) -> list[tuple[Any, ...]]:
        rng, points = random.Random(SEED), []
        for step in range(51 if self.status == "done" else 21):
            loss = 0.06 + 2.6 * math.exp(-step / 7) + 0.12 * rng.random()
            rate = 1e-3 * (step / 2 if step < 2 else 0.5 + 0.5 * math.cos(math.pi * (step - 2) / 48))
            validation = 0.05 + 2.7 * math.exp(-step / 7.5) if step % 10 == 0 else None
            head = (
                self._hash("train:tuned"),
                step,
                step / 50,
                loss if step else None,
                validation,
                rate,
                rng.uniform(0.4, 2),
            )
            points.append((*head, 240, 720, 0.021, 560 + 60 * rng.random(), 1.2))
        return points

    def _training(self) -> None:
        columns = ("step_hash", "step", "epoch", "loss", "validation_loss", "learning_rate", "grad_norm")
        more = ("supervised_tokens", "tokens", "padding_share", "tokens_per_second", "seconds")
        self.store.insert("train_steps", (*columns, *more), self._points())

    def _events(self) -> None:
        events = event_writer(self.store)
        states = [{"id": f"{s[0]}:{s[1]}", "status": "pending"} for s in STEPS]
        events.emit("run_started", run_id=RUN, spec="triage.sft", steps=states)
        if self.status == "done":
            events.emit("run_finished", status="done", verdict="fail", computed=12, cached=2)
            events.close()
            return
        for kind, name, *_ in STEPS[:5]:
            events.emit("step_finished", f"{kind}:{name}", status="done", seconds=0.1)
        events.emit("step_started", "train:tuned")
        events.emit("progress", "train:tuned", done=20, total=50, unit="steps")
        events.close()

    def _predictions(self) -> None:
        rng, held_out = random.Random(SEED), self.rows[300:360]
        predictions, values, totals = [], [], {}
        for model in MODELS:
            for template in TEMPLATES:
                for identity, row in held_out:
                    right = model == "tuned" and rng.random() < (0.983 if template == "plain" else 0.867)
                    output = row["output"] if right else self._wrong(model, row["output"], rng)
                    prompt = json.dumps(
                        [
                            {"role": "system", "content": "Triage the support message. Reply with JSON."},
                            {"role": "user", "content": row["instruction"]},
                        ]
                    )
                    head = (self._hash(f"predict:format.{model}.{template}"), identity, prompt, output + self.taint)
                    stop = "end_of_turn" if model == "tuned" else "length"
                    predictions.append((*head, row["output"], stop, 71, 24, 0.07, STARTED))
                    json_ok = right or model == "tuned"
                    for metric, value in (("exact", float(right)), ("json", float(json_ok))):
                        values.append((self._hash("measure:format"), model, template, identity, metric, value))
                        for key in ((model, template, metric), (model, "*", metric)):
                            totals.setdefault(key, []).append(value)
        columns = ("step_hash", "row_id", "prompt", "output", "expected", "stop_reason", "prompt_tokens")
        self.store.insert("predictions", (*columns, "output_tokens", "seconds", "made_at"), predictions)
        self.store.insert("item_metrics", ("step_hash", "model", "template", "row_id", "metric", "value"), values)
        self._aggregates(totals)
        measure = self._hash("measure:format")
        slices = [(measure, identity, "category", json.loads(row["output"])["category"]) for identity, row in held_out]
        self.store.insert("item_slices", ("step_hash", "row_id", "slice", "value"), slices)

    def _wrong(self, model: str, label: str, rng: random.Random) -> str:
        if model == "smol":
            return (
                "I'm sorry to hear that you have had trouble with your order. Could you tell me more about the problem?"
            )
        parsed = json.loads(label)
        parsed["category"] = rng.choice([c for c in CATEGORIES if c != parsed["category"]])
        return json.dumps(parsed)

    def _aggregates(self, totals: dict[tuple[str, str, str], list[float]]) -> None:
        columns = ("step_hash", "model", "template", "metric", "slice", "slice_value", "n", "missing", "estimate")
        rows = []
        for (model, template, metric), values in totals.items():
            mean, half = sum(values) / len(values), 1.96 * 0.5 / math.sqrt(len(values))
            head = (self._hash("measure:format"), model, template, metric, "*", "*", len(values), 0, mean)
            rows.append((*head, max(0.0, mean - half), min(1.0, mean + half), 0.95, "share", "wilson"))
        self.store.insert("metrics", (*columns, "low", "high", "level", "unit", "method"), rows)

    def _gates(self) -> None:
        gate, rows = self._hash("gate:release"), []
        for position, requirement in enumerate(REQUIREMENTS):
            rows.append(self._gate_row(gate, position, 0, requirement, None))
            if "each category" in requirement["text"]:
                for part, name in enumerate(CATEGORIES, 1):
                    right, verdict = 20 - (part == 2), "inconclusive" if part == 2 else "pass"
                    own = {"verdict": verdict, "estimate": right / 20, "low": 0.76, "high": 1.0, "n": 20}
                    rows.append(self._gate_row(gate, position, part, {**requirement, **own}, name))
        columns = ("step_hash", "requirement", "part", "reason", "slice", "slice_value")
        self.store.insert("gates", (*columns, *GATE_COLUMNS), rows)
        looked = [("h" * 64, g, RUN, STARTED) for g in (gate, "other-1", "other-2")]
        self.store.insert("looks", ("held_out", "gate_hash", "run_id", "looked_at"), looked)

    def _gate_row(
        self, gate: str, position: int, part: int, given: dict[str, Any], value: str | None
    ) -> tuple[Any, ...]:
        values = {**given, "text": given["text"] + self.taint}
        head = (gate, position, part, REASONS[given["verdict"]] + self.taint, "category" if value else None, value)
        return (*head, *(values.get(column) for column in GATE_COLUMNS))


def row_id(number: int) -> str:
    """The id of the row on a line of the sample's file."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def event_writer(store: Store) -> EventWriter:
    """The event file of the sample's run, to be continued."""
    return EventWriter(store.root / "runs" / RUN / EVENTS)


def _reads() -> dict[str, dict[str, str]]:
    """Step -> role -> what it reads."""
    reads = {
        "filter:triage.clean": {"rows": "ingest:tickets"},
        "split:triage": {"rows": "filter:triage.clean"},
        "train:tuned": {"rows": "render:triage.train", "validation": "render:triage.validation"},
        "gate:release": {"format": "measure:format"},
    }
    rendered = ("triage.train", "triage.validation", *(f"format.{template}" for template in TEMPLATES))
    reads |= {f"render:{name}": {"rows": "split:triage"} for name in rendered}
    cells = [(model, template) for model in MODELS for template in TEMPLATES]
    for model, template in cells:
        trained = {"model": "train:tuned"} if model == "tuned" else {}
        reads[f"predict:format.{model}.{template}"] = {"prompts": f"render:format.{template}", **trained}
    reads["measure:format"] = {f"cell:{at}": f"predict:format.{m}.{t}" for at, (m, t) in enumerate(cells)}
    return reads


def _plan(taint: str = "") -> dict[str, Any]:
    """As much of the plan's JSON as the views read: what steps read, and what each requirement is about."""
    requirements = []
    for row in REQUIREMENTS:
        name = "json" if "json" in row["text"] else "exact"
        metric = {"input": "format", "eval": "format", "metric": name, "model": "tuned", "unit": "share"}
        rule = next((rule for rule in ("no_worse_than", "spread") if rule in row["text"]), "bound")
        baseline = {"baseline": "smol"} if rule == "no_worse_than" else {}
        requirements.append({"rule": rule, "text": row["text"], "metric": metric, **baseline})
    reasons = [None, "the base model must not be better at anything we sell", None, None, None]
    # What is read as a plan of this version has the parameters of one.
    typed: dict[str, dict[str, Any]] = {"gate": {"requirements": requirements}, "filter": {"rules": []}}
    typed["render"] = {"templates": [], "seed": 1, "part": None}
    reads, steps = _reads(), []
    for position, (kind, name, labels, *_) in enumerate(STEPS):
        params = typed.get(kind, {"note": f"of a {kind}{taint}", "batch": 4})
        local = {"reasons": reasons} if kind == "gate" else {"labels": labels}
        line = 60 if kind == "gate" else 10 + position
        place = {"path": "triage.sft", "line": line, "column": 1, "end_line": line, "end_column": 2}
        about = {"kind": kind, "name": name, "params": {"kind": kind, **params}, "local": local, "place": place}
        inputs, content = reads.get(f"{kind}:{name}", {}), {"file:0": "c" * 64} if kind == "ingest" else {}
        steps.append({**about, "inputs": inputs, "content": content, "version": 1, "hash": step_hash(f"{kind}:{name}")})
    return {"format": 1, "edition": 2026, "spec": "triage.sft", "steps": steps}


def step_hash(step: str) -> str:
    return hashlib.sha256(step.encode()).hexdigest()[:32]  # as long as a real one: views look into such folders
