"""A store whose data steps really ran, in about two seconds: sources, filters, scores, a mixture, an overlap.

A spec of two tasks with a tiny model beside it; only the mixture and what it needs are run, so that nothing is
trained. 240 rows, some equal, some alike, some too short, some with hostile texts, one of a megabyte; rows of the
second source give items of the first one's test part away.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from compiler.compile import compile_spec
from compiler.plan import Plan
from runtime.scheduler import run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from sft.project import read_spec
from spec_lang.diagnostics import Diagnostics
from spec_lang.render import render_plain
from tests.tiny_model import CHATML_DEFAULT_SYSTEM, build_tiny_model
from tests.tui.sample_store import HOSTILE

MIX = "mix:both"
LONG = "x" * 1_000_000
TAINT = HOSTILE.replace("\x00", "") + " \u200bzero 👩\u200d👩\u200d👧 "
PARTS = """
edition 2026

template chatty {
  system    = "You sort support mail."
  user      = "A customer writes: {q}"
  assistant = "{a}"
}
"""
SPEC = """
edition 2026

import "parts/common.sft" as common

model tiny { weights = "./tiny" }

source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns { q = question } }
source letters { path = "letters.jsonl"   licence = "proprietary"   origin = human }

template plain { user = "{q}"   assistant = "{a}" }

filter clean {
  keep words(q) in 4..30 because "too short or too long"
  drop q matches r"(?i)lorem ipsum"
  dedup exact on q
  dedup near on q at 70%
}

score quality {
  length = characters(q)
  answer = words(a)
  keep length >= 25
}

task tickets_task {
  from      = tickets
  filters   = [clean]
  scores    = [quality]
  templates = [plain, common.chatty]
  split { key = q   train = 60%   test = 40% }
}

task letters_task {
  from      = letters
  templates = [plain]
}

mixture both {
  use tickets_task.train
  use letters_task by 2
  repeats = 2
}

train tuned {
  model      = tiny
  data       = both
  objective  = response
  epochs     = 1
  batch      = 4
  max_length = 128tok
  overflow   = drop
  seed       = 7
}

eval held_out {
  models    = [tuned]
  data      = tickets_task.test
  templates = [plain]
  decode    = greedy { max_new_tokens = 8 }
  metric exact = exact_match()
}
"""
_THINGS = ("parcel", "invoice", "refund", "password", "address", "voucher", "contract", "delivery", "account", "card")
_VERBS = ("arrived", "vanished", "failed", "changed", "expired", "doubled", "stopped", "returned")
_TIMES = ("yesterday", "last week", "on Monday", "in spring", "this morning", "two days ago", "at noon", "in May")


def build(root: Path) -> Store:
    """Write the files, compile, and run up to the mixture."""
    tickets, letters = _rows()
    (root / "parts").mkdir(parents=True)
    (root / "parts" / "common.sft").write_text(PARTS, encoding="utf-8")
    (root / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in tickets), encoding="utf-8")
    (root / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in letters), encoding="utf-8")
    with (root / "tickets.jsonl").open("a", encoding="utf-8") as handle:
        handle.write('{"question": "cut off\n')
    (root / "spec.sft").write_text(SPEC, encoding="utf-8")
    build_tiny_model(root / "tiny", chat_template=CHATML_DEFAULT_SYSTEM)
    store = Store(root / ".sft")
    outcome = run_plan(plan_of(root), root, store, only=MIX)
    assert outcome.status == "done", outcome.findings
    return store


def plan_of(root: Path) -> Plan:
    found = Diagnostics()
    plan = compile_spec(read_spec(root / "spec.sft"), LocalWorld(root), found)
    assert plan is not None, render_plain(found)
    return plan


def _rows() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    rng = random.Random(5)
    tickets = []
    for number in range(200):
        thing, verb, time = rng.choice(_THINGS), rng.choice(_VERBS), rng.choice(_TIMES)
        text = (
            f"Hello, my {thing} number {number * 37} {verb} {time}, please look at {rng.choice(_THINGS)} {number} now."
        )
        tickets.append({"question": text, "a": f"{thing} {verb} and it is {rng.choice(_THINGS)}"})
    for number in (3, 50, 51, 52):
        tickets[number]["question"] = "Too short."
    tickets[70]["question"] = "Lorem ipsum dolor sit amet and so on."
    for number in (90, 91, 92):
        tickets[number]["question"] = tickets[10]["question"]
    for number in (120, 121):
        tickets[number]["question"] = tickets[20]["question"].replace("please look", "do please look")
    for number in (140, 141):
        tickets[number]["question"] += " " + TAINT
        tickets[number]["a"] += TAINT
    letters = [{"q": row["question"], "a": row["a"] + " indeed"} for row in tickets[150:185]]
    letters.append({"q": f"A letter with {TAINT} in it", "a": f"{TAINT}"})
    letters.append({"q": f"A long letter {LONG}", "a": "long"})
    return tickets, letters
