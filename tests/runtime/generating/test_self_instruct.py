"""Self-Instruct: against brute force with rouge-score on the published seeds, as a step, and with bad answers."""

from __future__ import annotations

import json
import random
import re
import signal
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rouge_score.rouge_scorer import RougeScorer

from compiler.schema.generate import BLACKLIST
from compiler.step_params import AskingBudget, GenerateParams, Novelty, Sample, SelfInstruct
from runtime.asking import Answer, Request, Unanswered
from runtime.generating.candidates import Candidates, SourceRow
from runtime.generating.self_instruct import generate
from runtime.generating.work import Ended, Work
from sft.plain_tables import as_text
from sft.show import show
from sft.tracing import trace
from sft.written_card import written_section
from tests import forks
from tests.runtime.generating import generated_project
from tests.runtime.generating.generated_project import (
    HEAD,
    GeneratedProject,
    is_for_kind,
    is_for_tasks,
    text_of,
)
from tests.runtime.generating.scripts_of_answers import SEEDS, SPEC, invented, novel
from tui.generated_queries import written as generated_steps

DATA = Path(__file__).parents[4] / "shared" / "data" / "self_instruct"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GeneratedProject:
    made = GeneratedProject(tmp_path, monkeypatch)
    made.seeds(SEEDS)
    return made


METHOD = SelfInstruct(
    target=6, human_examples=6, machine_examples=2, instances=1, new_tasks=8, prompts=5, patience=5,
    instruction="instruction", input="input", output="output", shortest=4, longest=150, blacklist=BLACKLIST,
    truncated="discard", classification=True, instance_tokens=350,
)  # fmt: skip


def written(script: Any, drawing: str = "step", **method: Any) -> tuple[Ended, Candidates]:
    """What Self-Instruct makes of a script, without a store or a step around it."""
    rows = [SourceRow(f"seed {place}", row) for place, row in enumerate(SEEDS)]
    params = GenerateParams(
        method=METHOD.model_copy(update=method), part=None, columns=("instruction", "input", "output"),
        decode=Sample(max_new_tokens=99, temperature=1, top_p=1, top_k=None, seed=0), precision="fp32",
        novelty=Novelty(column="instruction", op="<", limit=Decimal("0.7")), budget=AskingBudget(),
    )  # fmt: skip
    candidates = Candidates.of(rows)
    work: Any = Work(SimpleNamespace(progress=lambda *a, **k: None), params, rows, _Asker(script), candidates, drawing)
    return generate(work), candidates


class _Asker:
    def __init__(self, script: Any) -> None:
        self.script = script

    def request(self, messages: Any, decode: Any, sample: int = 0) -> Request:
        return Request("model", tuple(messages), decode, sample)

    def ask(self, requests: list[Request]) -> list[Any]:
        said = (self.script(request) for request in requests)
        return [Answer(one, "end_of_turn", 1, 1, 0.0) if isinstance(one, str) else one for one in said]


def test_the_accepted_tasks_are_those_of_brute_force_with_rouge_score(project: GeneratedProject) -> None:
    if not DATA.exists():
        pytest.skip("needs ../shared")
    seeds = [json.loads(line) for line in (DATA / "seed_tasks.jsonl").read_text(encoding="utf-8").splitlines()]
    project.seeds({"instruction": one["instruction"], **one["instances"][0]} for one in seeds)
    known = [one["instruction"] for one in seeds]
    lines = (DATA / "user_oriented_instructions.jsonl").read_text(encoding="utf-8").splitlines()
    written = [" ".join(json.loads(line)["instruction"].split()) for line in lines]
    written = [text for text in written if text.isascii()]

    def recorded(request: Request) -> str:
        """Instructions that people wrote, and seeds with a word less or more: an answer a request."""
        if not is_for_tasks(request):
            return "No" if is_for_kind(request) else " x\nOutput: y"
        drawn = random.Random(request.hash)
        items = [drawn.choice(written) for _ in range(4)]
        items += [_changed(drawn.choice(known), drawn) for _ in range(3)]
        return "\n".join(f"{9 + place}. {text}" for place, text in enumerate(items))

    outcome = project.run(novel("target = 500   prompts = 12", "budget { requests = 120 }"), recorded)
    assert outcome.status == "done"
    answers = [recorded(request) for request in project.asked if is_for_tasks(request)]
    items = [item.partition(". ")[2] for answer in answers for item in answer.splitlines()]
    wanted = list(_accepted(known, items))
    taken: dict[str, None] = {}
    rejected: list[str] = []
    for verdict, rule, content in project.candidates():
        text = json.loads(content)["instruction"]
        if verdict == "accepted" or rule == "budget_requests":
            taken[text] = None
        else:
            rejected.append(rule)
    assert len(wanted) > 15 and {"novelty", "length", "blacklist"} <= set(rejected)
    assert sorted(taken) == sorted(wanted)
    order = [text for text in wanted if text in taken]
    assert [text for text in taken if text in order] == order


def _changed(text: str, drawn: random.Random) -> str:
    words = text.split()
    if drawn.random() < 0.5:
        words.insert(drawn.randrange(len(words) + 1), "really")
    else:
        words.pop(drawn.randrange(len(words)))
    return " ".join(words)


def _accepted(seeds: list[str], items: list[str]) -> Iterator[str]:
    """The released code's loop, by what is published of it: rules, then ROUGE-L against all that was taken before."""
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    pool = list(seeds)
    for item in items:
        words = re.findall("[a-z0-9]+", item.lower())
        if not 3 < len(words) <= 150 or item[0] in string.punctuation or not item[0].isascii():
            continue
        if any(re.search(rf"\b{word}\b", item.lower()) for word in BLACKLIST) or item.startswith("Write a program"):
            continue
        # rounding: a fraction on the limit is there for a float that is not
        if max(round(scorer.score(other, item)["rougeL"].fmeasure, 9) for other in pool) >= 0.7:
            continue
        pool.append(item)
        yield item


def test_rows_have_the_columns_of_the_seeds_a_generation_and_a_lineage(project: GeneratedProject) -> None:
    text = novel("target = 5   prompts = 1")
    assert project.run(text, invented).status == "done"
    path = project.root / ".sft/objects" / project.plan(text).step("generate:novel").hash / "rows.parquet"
    rows = project.store.query(f"SELECT * FROM '{path}'")
    names = [row[0] for row in project.store.query(f"DESCRIBE SELECT * FROM '{path}'")]
    assert names == ["__row_id", "__file", "__line", "instruction", "input", "output", "__generation"]
    accepted = [row for row in project.candidates("row_id, generation, verdict") if row[2] == "accepted"]
    assert [(row[0], row[6]) for row in rows] == [row[:2] for row in accepted]
    assert len(rows) == 5 and max(row[6] for row in rows) > 1  # later prompts show what a model wrote
    parents = {row[0] for row in project.candidates("unnest(parents)")}
    seeds = {row[0] for row in project.store.query("SELECT row_id FROM examples WHERE file IS NOT NULL")}
    assert parents <= seeds | {row[0] for row in accepted} and not seeds & {row[0] for row in accepted}
    _told(project, rows[-1][0])
    step = project.plan(text).step("generate:novel")
    behind: Any = SimpleNamespace(steps=[SimpleNamespace(step=step, result=SimpleNamespace(rows_in=9, rows_out=5))])
    card = written_section(behind)
    assert "| generate:novel | tiny | ./tiny | self instruct | start |" in card and "| 9 | 5 |" in card


def _told(project: GeneratedProject, row_id: str) -> None:
    """What commands say of the run: numbers of the table, and texts of a model without their control characters."""
    counts = dict(project.store.query("SELECT coalesce(rule, 'accepted'), count(*) FROM candidates GROUP BY 1"))
    (found,) = json.loads(show(project.store, None, "generated", "json"))["generated"]
    assert {one["rule"] or "accepted": one["candidates"] for one in found["by_rule"]} == counts
    assert (found["accepted"], found["candidates"]) == (counts["accepted"], sum(counts.values()))
    assert found["requests"] == len(project.asked) and found["ended"] == "target"
    assert sum(one["candidates"] for one in found["rounds"]) == found["candidates"]
    text = show(project.store, None, "generated", width=100)
    assert "5 of 5 instructions" in text and f"{counts['accepted']} of {sum(counts.values())} candidates" in text
    page = trace(project.store, "last", row_id).data
    written = page["written"]
    assert written["verdict"] == "accepted" and written["generation"] > 1
    assert [one["where"] for one in written["parents"]].count("written by generate:novel") >= 1
    assert [one["answer"] for one in written["asked"]] == [invented(request) for request in _requests(project, page)]
    seed = trace(project.store, "last", "seeds.jsonl:1").data["steps"]
    assert [step["state"] for step in seed[:2]] == ["kept", "shown"] and seed[1]["accepted"] > 0


def _requests(project: GeneratedProject, page: dict[str, Any]) -> list[Request]:
    asked = {request.hash: request for request in project.asked}
    return [asked[one["request"]] for one in page["written"]["asked"]]


def test_a_rejected_candidate_can_be_traced(project: GeneratedProject) -> None:
    project.run(novel("target = 1   prompts = 1   patience = 1"), lambda request: "5. Name a \x1b[31mbird")
    ((row_id,),) = project.candidates("row_id")
    for wanted in (row_id, row_id[:8]):
        page = trace(project.store, "last", wanted)
        assert page.data["written"]["rule"] == "control_characters" and len(page.data["written"]["parents"]) == 4
        assert "\x1b" not in as_text(page, 100)
    assert "\x1b" not in show(project.store, None, "generated") + show(project.store, None, "ledger")


def test_the_same_answers_give_the_same_candidates() -> None:
    once, again = written(invented, target=12), written(invented, target=12)
    assert once[1].found == again[1].found and len(once[1].accepted) == 12
    other = written(invented, target=12, drawing="another step")
    assert other[1].found != once[1].found


def test_a_run_that_was_killed_goes_on_to_the_same_rows_and_asks_nothing_again(
    project: GeneratedProject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    process = forks.start("tests.runtime.generating.killed_process", str(project.root), "13")
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    kept = {row[0] for row in project.store.query("SELECT request_hash FROM requests")}
    assert 0 < len(kept) <= 13  # the last answers may have waited to be written
    assert project.run(SPEC, invented).status == "done"
    assert project.asked and kept.isdisjoint(request.hash for request in project.asked)
    assert len({request.hash for request in project.asked}) == len(project.asked)
    whole = GeneratedProject(tmp_path_factory.mktemp("whole"), project.patch)
    whole.seeds(SEEDS)
    whole.run(SPEC, invented)
    assert project.candidates("*") == whole.candidates("*")
    assert len(whole.asked) == len(kept) + len(project.asked)


def test_a_larger_target_asks_only_for_what_is_more(project: GeneratedProject) -> None:
    project.run(novel("target = 3"), invented)
    few, before = project.candidates("content"), len(project.asked)
    project.run(novel("target = 8"), invented)
    hashes = [request.hash for request in project.asked]
    assert len(hashes) == len(set(hashes)) > before
    rows = project.store.query("SELECT DISTINCT step_hash FROM candidates")
    assert len(rows) == 2 and few


def test_a_filter_afterwards_asks_nothing(project: GeneratedProject) -> None:
    project.run(novel(), invented)
    before = len(project.asked)
    outcome = project.run("filter few { keep words(output) < 9 }\n" + novel(more="filters = [few]"), invented)
    assert (outcome.status, len(project.asked)) == ("done", before)


def test_a_budget_ends_it_and_keeps_what_there_is(project: GeneratedProject) -> None:
    outcome = project.run(novel("target = 50   prompts = 2", "budget { requests = 12 }"), invented)
    assert outcome.status == "done" and len(project.asked) == 12
    ((summary,),) = project.store.query("SELECT summary FROM results WHERE kind = 'generate'")
    told = json.loads(summary)
    assert told["ended"] == "budget" and 0 < told["accepted"] < 50
    assert any(rule == "budget_requests" for _, rule, _ in project.candidates())
    (told,) = generated_steps(project.store, outcome.run_id)
    assert told.requests == 12, "what the budget left out was not asked"


def test_nothing_new_ends_it() -> None:
    def same(request: Request) -> str:
        return "5. Describe four rivers of your land" if is_for_tasks(request) else invented(request)

    ended, candidates = written(same, target=9, patience=3)
    assert (ended.why, len(candidates.accepted), ended.rounds) == ("nothing_new", 1, 4)
    assert ended.text.startswith("3 rounds one after another brought nothing")


BAD: list[Any] = [
    ("", "empty"),
    ("5. Describe the \x1b[31mred river of the land", "control_characters"),
    ("5. Name three birds that can sing.", "repeats_prompt"),
    ("5. 写一首关于春天的诗给我的朋友", "other_script"),
    (Answer("5. Describe the long ri", "length", 9, 9, 0.0), "truncated"),
    (Answer("5. Go on " + "and on " * 60, "length", 9, 9, 0.0), "endless"),
    (Answer("5. Describe the long river of", "content_filter", 9, 9, 0.0), "content_filter"),
    (Answer("5. Describe the long river of", "abort", 9, 9, 0.0), "truncated"),
    (Unanswered("http_500", "the server failed"), "unanswered"),
]


@pytest.mark.parametrize(("answer", "rule"), BAD)
def test_bad_answers_are_counted_under_their_name(answer: Any, rule: str) -> None:
    ended, candidates = written(lambda request: answer, target=1, prompts=1, patience=1)
    assert [one.candidate.rule for one in candidates.found] == [rule]
    assert ended.why == "nothing_new"


def test_of_a_list_that_was_cut_off_the_last_item_alone_can_be_left_out() -> None:
    cut = Answer("5. Describe four rivers of the land\n6. Praise the long ri", "length", 9, 9, 0.0)

    def script(request: Request) -> Any:
        return cut if is_for_tasks(request) else invented(request)

    for truncated, rules in (("discard", ["truncated"] * 2), ("last", ["truncated", ""])):
        _, candidates = written(script, target=1, prompts=1, patience=1, truncated=truncated, classification=False)
        assert [one.candidate.rule for one in candidates.found] == rules


def test_a_task_whose_kind_is_not_known_gets_no_instances() -> None:
    asked: list[Request] = []

    def script(request: Request) -> Any:
        asked.append(request)
        return Unanswered("http_500", "the server failed") if is_for_kind(request) else invented(request)

    _, candidates = written(script, target=1, prompts=1, patience=1)
    told = [(one.candidate.rule, one.candidate.value) for one in candidates.found]
    assert set(told) == {("unanswered", "http_500")}
    assert all(is_for_kind(one) or is_for_tasks(one) for one in asked)


@pytest.mark.parametrize(
    ("stop", "rule"), [("content_filter", "content_filter"), ("error", "truncated"), ("unknown", "")]
)
def test_an_instance_that_a_server_broke_off_makes_no_row(stop: str, rule: str) -> None:
    def script(request: Request) -> Any:
        if is_for_tasks(request):
            return "5. Describe four rivers of the land"
        return Answer(" the river\nOutput: It is long and", stop, 9, 9, 0.0)

    for input in ("input", None):
        _, candidates = written(script, target=1, prompts=1, patience=1, classification=False, input=input)
        assert candidates.found[0].candidate.rule == rule


def test_nothing_accepted_fails_and_keeps_what_was_written(project: GeneratedProject) -> None:
    outcome = project.run(novel("target = 1   prompts = 1   patience = 1"), lambda request: "5. Name a bird")
    assert outcome.status == "failed" and outcome.findings[0].code == "SFT0444"
    assert "1 by `length`" in outcome.findings[0].message
    assert [rule for _, rule, _ in project.candidates()] == ["length"]


def test_halves_of_surrogate_pairs_are_rejected_and_kept(project: GeneratedProject) -> None:
    script = Unanswered("bad_text", "half a pair: \ud800", lasting=True), "5. Name a \ufffd bird that sings"
    answers = iter(script)
    outcome = project.run(novel("target = 1   prompts = 1   patience = 2"), lambda request: next(answers))
    assert outcome.findings[0].code == "SFT0444"
    assert [rule for _, rule, _ in project.candidates()] == ["unanswered", "control_characters"]


def test_seeds_without_a_text_are_said_to_be_what_is_missing(project: GeneratedProject) -> None:
    project.seeds([{**row, "instruction": " "} for row in SEEDS])
    outcome = project.run(novel(), invented)
    assert outcome.findings[0].code == "SFT0444" and not project.asked
    assert "no seed has a text in the column `instruction`" in outcome.findings[0].message


def test_a_server_that_fails_half_of_its_calls_loses_nothing(project: GeneratedProject) -> None:
    def flaky(request: Request) -> Any:
        return Unanswered("http_500", "it failed") if int(request.hash, 16) % 2 else invented(request)

    text = novel("target = 4   patience = 20")
    outcome = project.run(text, flaky)
    assert outcome.status == "failed" and [one.code for one in outcome.findings] == ["SFT0534"]
    assert project.candidates() == [], "nothing is built in that a server failed on"
    answered = {request.hash for request in project.asked if int(request.hash, 16) % 2 == 0}
    project.asked.clear()
    assert project.run(text, invented).status == "done"
    assert project.asked and not answered & {request.hash for request in project.asked}


def test_what_a_server_refuses_for_good_is_rejected_and_the_rest_goes_on(project: GeneratedProject) -> None:
    def refusing(request: Request) -> Any:
        refused = Unanswered("content_filter", "no", lasting=True)
        return refused if int(request.hash, 16) % 2 else invented(request)

    outcome = project.run(novel("target = 4   patience = 20"), refusing)
    assert outcome.status == "done"
    counts = dict(project.store.query("SELECT verdict, count(*) FROM candidates GROUP BY 1"))
    assert counts["accepted"] >= 4
    unanswered = [rule for _, rule, _ in project.candidates() if rule == "unanswered"]
    assert unanswered


def test_tasks_without_inputs_are_put_as_they_are(project: GeneratedProject) -> None:
    project.seeds({"question": row["instruction"], "answer": row["output"]} for row in SEEDS)
    text = """generate novel {
  method    = self_instruct { target = 3   instruction = question   output = answer }
  seeds     = start
  model     = tiny
  precision = fp32
  templates = [asked]
}
template asked { user = "{question}"   assistant = "{answer}" }
"""

    def script(request: Request) -> str:
        return invented(request) if is_for_tasks(request) else f"Output: {text_of(request)[::-1]}"

    head = HEAD.replace("{instruction}[\\n{input}]", "{question}").replace("{output}", "{answer}")
    project.patch.setattr(generated_project, "HEAD", head)
    assert project.run(text, script).status == "done"
    assert not any(is_for_kind(request) for request in project.asked)
    for verdict, _, content in project.candidates():
        if verdict == "accepted":
            row = json.loads(content)
            assert row["answer"] == row["question"][::-1]
