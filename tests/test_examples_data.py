"""The triage data is what its generator writes, and holds the faults that its README promises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from compiler.compile import compile_spec
from compiler.world import ModelFacts
from runtime.scheduler import run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from sft.project import read_spec
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "examples" / "triage" / "make_tickets.py"
EXAMPLE = ROOT / "examples" / "triage" / "tickets.jsonl"
SPEC = ROOT / "examples" / "triage" / "triage.sft"
STARTER = ROOT / "sft" / "starter" / "tickets.jsonl"
ORDER = re.compile(r"\b[A-Z]-\d{4}\b")


def readable(path: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """The rows of a JSONL file, and the numbers of the lines that are not JSON."""
    rows, broken = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            broken.append(number)
    return rows, broken


def shingles(text: str) -> frozenset[str]:
    plain = " ".join(text.casefold().split())
    return frozenset(plain[i : i + 5] for i in range(len(plain) - 4))


def survivors(messages: list[str]) -> tuple[list[str], int, int]:
    """What the filters of the example leave: (kept, exact duplicates, near-duplicates), by brute force."""
    kept: dict[str, frozenset[str]] = {}
    exact = near = 0
    seen: set[str] = set()
    for text in messages:
        if not 3 <= len(text.split()) <= 80 or "lorem ipsum" in text.casefold():
            continue
        if text in seen:
            exact += 1
            continue
        seen.add(text)
        mine = shingles(text)
        if any(len(mine & other) >= 0.9 * len(mine | other) for other in kept.values()):
            near += 1
        else:
            kept[text] = mine
    return list(kept), exact, near


@pytest.mark.parametrize(("committed", "arguments"), [(EXAMPLE, []), (STARTER, ["--starter"])])
def test_committed_data_is_what_the_generator_writes(committed: Path, arguments: list[str], tmp_path: Path) -> None:
    again = tmp_path / "tickets.jsonl"
    subprocess.run([sys.executable, str(SCRIPT), *arguments, str(again)], check=True, capture_output=True)
    assert again.read_bytes() == committed.read_bytes()


def test_example_holds_its_faults_and_enough_clean_rows() -> None:
    rows, broken = readable(EXAMPLE)
    messages = [row["message"] for row in rows]
    lengths = [len(message.split()) for message in messages]
    kept, exact, near = survivors(messages)
    assert len(broken) == 1
    assert len(rows) >= 640
    assert (exact, near) == (12, 25)
    assert sum("lorem ipsum" in message.casefold() for message in messages) == 1
    assert sum(length > 80 for length in lengths) == 1
    assert sum(length < 3 for length in lengths) == 1
    assert len(kept) >= 520


def test_starter_holds_a_fault_of_every_kind() -> None:
    rows, broken = readable(STARTER)
    kept, exact, near = survivors([row["message"] for row in rows])
    assert len(broken) == 1
    assert exact == 5
    assert near == 8
    assert len(kept) >= 230


@pytest.mark.parametrize("path", [EXAMPLE, STARTER])
def test_labels_are_json_and_their_order_is_the_one_in_the_text(path: Path) -> None:
    rows, _ = readable(path)
    for row in rows:
        label = json.loads(row["label"])
        assert set(label) == {"category", "order", "urgent"}
        assert label["category"] in {"billing", "delivery", "account"}
        assert isinstance(label["urgent"], bool)
        assert ORDER.findall(row["message"]) == ([label["order"]] if label["order"] else [])
        assert row["label"] == json.dumps(label), "one canonical spelling, or exact match would measure spacing"


@pytest.mark.parametrize("path", [EXAMPLE, STARTER])
def test_one_text_never_has_two_labels_and_the_classes_are_balanced(path: Path) -> None:
    rows, _ = readable(path)
    labels: dict[str, str] = {}
    for row in rows:
        assert labels.setdefault(row["message"], row["label"]) == row["label"]
    values = [json.loads(label) for label in labels.values()]
    categories = Counter(value["category"] for value in values)
    assert min(categories.values()) > 0.3 * len(values)
    assert 0.3 < sum(value["urgent"] for value in values) / len(values) < 0.6
    assert 0.25 < sum(value["order"] is None for value in values) / len(values) < 0.6
    assert len({row["id"] for row in rows}) == len(rows)


class WithoutModels(LocalWorld):
    """The real files, and a model that nobody opens: enough for the steps that only touch data."""

    def model(self, weights: str, chat_template: str | None) -> ModelFacts:
        return ModelFacts("0" * 32, "1" * 32, "2" * 32, ())


def hashes(text: str) -> dict[str, str]:
    """Step id -> hash of the example's spec with another text."""
    found = Diagnostics()
    plan = compile_spec(SourceFile("triage.sft", text), WithoutModels(SPEC.parent), found)
    assert plan is not None, [finding.message for finding in found]
    return {step.id: step.hash for step in plan}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store in which the example's rows were read, filtered and split."""
    found = Diagnostics()
    plan = compile_spec(read_spec(SPEC), WithoutModels(SPEC.parent), found)
    assert plan is not None, [finding.message for finding in found]
    store = Store(tmp_path_factory.mktemp("store"))
    outcome = run_plan(plan, SPEC.parent, store, only="split:triage")
    assert outcome.status == "done", outcome.findings
    return store


def test_the_ledger_names_every_deliberate_fault_and_nothing_else(ran: Store) -> None:
    counted = ran.query("SELECT step_id, rule, count(*) FROM drops GROUP BY ALL ORDER BY ALL")
    assert counted == [
        ("filter:triage.clean", "0", 2),  # too short, too long
        ("filter:triage.clean", "1", 1),  # lorem ipsum
        ("filter:triage.clean", "2", 12),  # exact duplicates
        ("filter:triage.clean", "3", 25),  # near-duplicates
        ("ingest:tickets", "unreadable", 1),
    ]
    unbalanced = ran.query("SELECT step_id FROM steps WHERE rows_in <> rows_out + rows_dropped")
    assert unbalanced == []


def test_the_readme_says_where_the_single_faults_stand(ran: Store) -> None:
    readme = (SCRIPT.parent / "README.md").read_text(encoding="utf-8")
    for rule, line in ran.query("SELECT rule, line FROM drops WHERE rule IN ('0', '1', 'unreadable')"):
        assert f"line {line}" in readme, f"rule {rule}"


def test_every_slice_of_the_test_part_is_large_enough_to_stand_alone(ran: Store) -> None:
    (step_hash,) = ran.query("SELECT step_hash FROM steps WHERE step_id = 'split:triage' AND status = 'done'")[0]
    rows = ran.root / "objects" / step_hash / "rows.parquet"
    counted = dict(
        ran.query(
            "SELECT json_extract_string(output, '$.category'), count(*) FROM read_parquet(?) "
            "WHERE __split = 'test' GROUP BY ALL",
            [str(rows)],
        )
    )
    assert set(counted) == {"billing", "delivery", "account"}
    assert min(counted.values()) >= 30


GATE = {"gate:release"}
MEASURE = GATE | {"measure:format"}
TUNED = MEASURE | {"train:tuned", "predict:format.tuned.plain", "predict:format.tuned.chatty"}
CHATTY = MEASURE | {"render:format.chatty", "predict:format.smol.chatty", "predict:format.tuned.chatty"}
PLAIN = TUNED | {"render:triage.train", "render:triage.validation", "render:format.plain", "predict:format.smol.plain"}
ANSWERS = MEASURE | {
    f"predict:format.{model}.{template}" for model in ("smol", "tuned") for template in ("plain", "chatty")
}


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        (">= 80%", ">= 99.9%", GATE),
        ("seed          = 7", "seed = 8", TUNED),
        ("coverage 90%", "coverage 50%", TUNED | {"decontaminate:triage.train", "render:triage.train"}),
        ("You sort support mail.", "You sort mail.", CHATTY),
        ("Triage the support message.", "Triage the message.", PLAIN),
        ("max_new_tokens = 48", "max_new_tokens = 8", ANSWERS),
        ("# Support messages in", "# Messages in", set()),
        ('"too short or too long to be a ticket"', '"no ticket"', set()),
    ],
)
def test_an_edit_that_the_readme_names_reruns_what_it_says(old: str, new: str, again: set[str]) -> None:
    text = SPEC.read_text(encoding="utf-8")
    assert text.count(old) == 1
    before, after = hashes(text), hashes(text.replace(old, new))
    assert {step for step in before if before[step] != after[step]} == again


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("learning_rate", "learnign_rate", "`learning_rate`"),
        ("train = 70%", "train = 75%", "105%"),
        ("by 2pt", "by 2%", "`2pt`"),
        ('"{instruction}"', '"{instructions}"', "`instruction`"),
        ("= triage.test", "= triage.train", "triage.train"),
        ("decontaminate coverage 90%\n      because", "decontaminate off  #", "reason"),
    ],
)
def test_a_slip_that_the_readme_names_is_an_error_with_a_way_out(old: str, new: str, said: str) -> None:
    found = Diagnostics()
    text = SPEC.read_text(encoding="utf-8").replace(old, new, 1)
    assert compile_spec(SourceFile("triage.sft", text), WithoutModels(SPEC.parent), found) is None
    assert said in " ".join(f"{finding.message} {finding.help}" for finding in found)
