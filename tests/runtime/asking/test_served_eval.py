"""Evals of a served model as a user runs them: the same greedy text as local weights, and nothing asked twice."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.asking.served import pace as pace_module
from runtime.store import Store
from sft.project import run
from tests import forks
from tests.forks import Forked
from tests.served import Fault, Served, serving, tiny_answers

KEY = "sk-0123456789abcdef-secret"
SPEC = """edition 2026
source asked { path = "asked.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{question}"   assistant = "{answer}" }
task questions { from = asked   templates = [plain] }
model served { endpoint = "URL"   name = "tiny"   key = env("TINY_KEY")   retries = 20   concurrency = 4 }
eval exam {
  models    = [MODELS]
  data      = questions
  decode    = greedy { max_new_tokens = 8 }
  precision = fp32
  metric exact = exact_match()
}
"""


def rows(count: int) -> list[dict[str, str]]:
    return [{"question": f"The ticket {number} is wrong.", "answer": "yes"} for number in range(count)]


def write(folder: Path, served: Served, count: int, models: str, more: str = "") -> Path:
    (folder / "asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(count)))
    spec = folder / "exam.sft"
    spec.write_text(SPEC.replace("URL", served.url).replace("MODELS", models) + more)
    return spec


def asked_of(served: Served) -> Counter[str]:
    return Counter(str(body["messages"][-1]["content"]) for body in served.answered)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_served_model_says_what_the_same_weights_say_here_and_is_asked_once(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    monkeypatch.setattr(pace_module, "_FIRST", 0.005)
    failing = [Fault(500), Fault(429), Fault(cut=9), Fault(body=b"{")]

    def half(number: int, body: dict[str, Any]) -> Fault | None:
        return failing[number // 2 % 4] if number % 2 else None

    with serving(tiny_answers(tiny), half, key=KEY) as served:
        weights = f'model local {{ weights = "{tiny}" }}\n'
        spec = write(tmp_path, served, 6, "local, served", weights)
        assert run(spec).status == "done"
        store = Store(tmp_path / ".sft")
        said = "SELECT s.labels ->> 'model', p.prompt, p.output FROM predictions p JOIN steps s USING (step_hash)"
        local, other = (
            {prompt: output for model, prompt, output in store.query(said) if model == name}
            for name in ("local", "served")
        )
        assert local == other and len(local) == 6
        assert set(asked_of(served).values()) == {1} and len(served.answered) == 6

        assert run(spec).computed == 0
        decode = "decode = greedy { max_new_tokens = 4 }"
        again = f"eval again {{ models = [served]   data = questions   {decode}   metric m = f1() }}\n"
        write(tmp_path, served, 7, "served", again)
        assert run(spec).status == "done"
        assert len(served.answered) == 6 + 1 + 7, "one row is new, and the second eval cuts answers off elsewhere"
    summaries = store.query("SELECT summary FROM steps WHERE kind = 'predict' AND labels ->> 'model' = 'served'")
    told = [json.loads(summary) for (summary,) in summaries if summary]
    assert [(one["asked"], one["known_before"]) for one in told][:1] == [(6, 0)] and told[0]["retries"] > 0
    assert (1, 6) in [(one["asked"], one["known_before"]) for one in told]


def start(spec: Path) -> Forked:
    return forks.start("sft", "run", str(spec), TINY_KEY=KEY)


def test_a_killed_run_goes_on_with_the_next_request_and_the_key_is_nowhere(tmp_path: Path) -> None:
    killed, after, total = threading.Event(), 5, 12

    def hold(number: int, body: dict[str, Any]) -> Fault | None:
        if number < after or killed.is_set():
            return None
        killed.wait(120)
        return Fault(500)

    with serving(faults=hold, key=KEY) as served:
        spec = write(tmp_path, served, total, "served")
        child, store = start(spec), Store(tmp_path / ".sft")
        while len(served.answered) < after or store.query("SELECT count(*) FROM requests") != [(after,)]:
            assert child.poll() is None, "the process ended by itself"
            time.sleep(0.1)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert child.returncode == -signal.SIGKILL
        killed.set()
        first = store.query("SELECT * FROM requests")
        again = start(spec)
        output = "".join(again.communicate())
        assert again.returncode == 0, output
        assert set(asked_of(served).values()) == {1} and len(served.answered) == total
    assert set(first) <= set(store.query("SELECT * FROM requests"))
    assert sorted(store.query("SELECT output FROM predictions")) == sorted(
        [(row["question"][::-1],) for row in rows(total)]
    )
    assert KEY not in output and "no gate decided" in output
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5 and [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_a_key_that_is_not_set_is_told_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINY_KEY", raising=False)
    with serving() as served:
        spec = write(tmp_path, served, 2, "served")
        outcome = run(spec)
        assert outcome.status == "failed" and outcome.computed == 0 and not served.came
        finding = outcome.findings[0]
        assert finding.code == "SFT0531" and finding.primary is not None
        assert "env(" in finding.primary.file.line(finding.primary.file.position(finding.primary.span.start)[0])
        monkeypatch.setenv("TINY_KEY", KEY)
        assert run(spec).status == "done"
        monkeypatch.delenv("TINY_KEY")
        spec.write_text(
            spec.read_text() + "eval same { models = [served]   data = questions   "
            "decode = greedy { max_new_tokens = 8 }   metric m = f1() }\n"
        )
        assert run(spec).status == "done", "what is known needs no key"
