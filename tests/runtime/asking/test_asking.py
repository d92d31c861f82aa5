"""The facade that steps ask through: nothing twice, every result in its place, and where a budget ends."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.asking_params import AskingBudget
from compiler.step_params import Greedy, Sample
from runtime.asking import Answer, Asker, Request, Result, Unanswered
from runtime.asking.scripted import Scripted
from runtime.context import Interrupted
from spec_lang.diagnostics import DiagnosticError, fatal
from tests.runtime.asking.conftest import GREEDY, Project, backwards, said

SAMPLE = Sample(max_new_tokens=8, temperature=Decimal(1), top_p=Decimal(1), top_k=None, seed=3)


def asked(asker: Asker) -> list[str]:
    assert isinstance(asker.backend, Scripted)
    return [one.messages[-1]["content"] for one in asker.backend.asked]


def texts(results: list[Result]) -> list[str]:
    return [one.text if isinstance(one, Answer) else one.reason for one in results]


def requests(asker: Asker, *words: str) -> list[Request]:
    return [asker.request(said(word), GREEDY) for word in words]


def test_results_are_in_the_order_of_the_requests_and_equal_requests_are_one(project: Project) -> None:
    asker = project.asker(together=3)
    found = asker.ask(requests(asker, "abc", "xyz", "abc", "uvw", "rst"))
    assert texts(found) == ["cba", "zyx", "cba", "wvu", "tsr"]
    assert asked(asker) == ["abc", "xyz", "uvw", "rst"]
    assert asker.stats.asked == asker.stats.wanted == 4


def test_nothing_is_asked_twice_by_any_step(project: Project) -> None:
    first = project.asker()
    before = first.ask(requests(first, "abc", "xyz"))
    second = project.asker(lambda request: "something else")
    found = second.ask(requests(second, "xyz", "new", "abc"))
    assert texts(found) == ["zyx", "something else", "cba"] and found[0] == before[1]
    assert asked(second) == ["new"]
    assert (second.stats.wanted, second.stats.known, second.stats.asked) == (3, 2, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"messages": said("abd")},
        {"messages": ({"role": "system", "content": "abc"},)},
        {"decode": Greedy(max_new_tokens=9)},
        {"decode": SAMPLE},
        {"sample": 1},
    ],
    ids=str,
)
def test_a_request_is_its_model_messages_decoding_and_sample(change: dict[str, Any]) -> None:
    whole: dict[str, Any] = {"model": "model", "messages": said("abc"), "decode": GREEDY, "sample": 0}
    assert Request(**whole).hash == Request(**whole).hash != Request(**whole | change).hash


def test_the_fields_of_a_turn_have_no_order_and_what_is_inside_of_them_has() -> None:
    turned = ({"content": "abc", "role": "user"},)
    assert Request("m", said("abc"), GREEDY).hash == Request("m", turned, GREEDY).hash

    def calling(arguments: dict[str, int]) -> str:
        return Request("m", ({"role": "assistant", "tool_calls": [arguments]},), GREEDY).hash

    assert calling({"a": 1, "b": 2}) != calling({"b": 2, "a": 1}), "a chat template shows them in this order"


def test_what_was_asked_and_came_is_in_the_store(project: Project) -> None:
    asker = project.asker(lambda request: Answer("\0 ☃", "length", 3, 8, 0.5, Decimal("0.000000125"), 2, "m-1"))
    request = asker.request(said("äöü"), SAMPLE, 4)
    assert asker.ask([request]) == project.asker().ask([request])
    assert project.kept("request_hash, model_hash, answer, stop_reason, cost, attempts, served, sample") == [
        (request.hash, project.model, "\0 ☃", "length", Decimal("0.000000125"), 2, "m-1", 4)
    ]
    assert project.kept("messages, decode ->> 'temperature'") == [('[{"content": "äöü", "role": "user"}]', "1")]


def test_a_failure_costs_the_others_nothing_and_is_asked_again_by_the_next_step(project: Project) -> None:
    def failing(request: Request) -> str | Result:
        if request.messages[-1]["content"] == "bad":
            return Unanswered("http_500", "the server failed", attempts=3)
        return backwards(request)

    asker = project.asker(failing)
    assert texts(asker.ask(requests(asker, "abc", "bad", "xyz"))) == ["cba", "http_500", "zyx"]
    assert texts(asker.ask(requests(asker, "bad"))) == ["http_500"] and asked(asker).count("bad") == 1
    assert asker.summary()["unanswered"] == {"http_500": 1} and asker.summary()["retries"] == 2
    again = project.asker()
    assert texts(again.ask(requests(again, "abc", "bad"))) == ["cba", "dab"] and asked(again) == ["bad"]


def test_what_cannot_be_put_to_the_model_is_kept_as_answers_are(project: Project) -> None:
    asker = project.asker(lambda request: Unanswered("control_token", "it spells one", lasting=True))
    first = asker.ask(requests(asker, "a"))
    again = project.asker()
    assert again.ask(requests(again, "a")) == first and not asked(again)
    assert again.summary()["unanswered"] == {"control_token": 1}


def test_flaws_are_counted_and_the_answers_stay(project: Project) -> None:
    said_by = {"a": " \n", "b": "x\x1b[2J", "c": "tabs\tand\nlines"}
    asker = project.asker(lambda request: said_by[request.messages[-1]["content"]])
    found = asker.ask(requests(asker, "a", "b", "c"))
    assert texts(found) == list(said_by.values())
    assert asker.summary()["flaws"] == {"control_characters": 1, "empty": 1}


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (AskingBudget(requests=3), "budget_requests"),
        (AskingBudget(tokens=6), "budget_tokens"),
        (AskingBudget(money=Decimal("0.3")), "budget_money"),
    ],
)
def test_a_budget_ends_asking_and_the_rest_is_told(project: Project, budget: AskingBudget, reason: str) -> None:
    def priced(request: Request) -> Answer:
        return Answer(backwards(request), "end_of_turn", 1, 2, 0.0, Decimal("0.1"))

    asker = project.asker(priced, budget, together=1)
    words = ["ab", "cd", "ef", "gh", "ij"]
    assert texts(asker.ask(requests(asker, *words))) == ["ba", "dc", "fe", reason, reason]
    assert asked(asker) == words[:3], "nothing is asked beyond the budget"
    assert texts(asker.ask(requests(asker, "ab", "kl"))) == ["ba", reason], "what was given stays given"
    assert asker.summary()["unanswered"] == {reason: 3}
    again = project.asker(priced, budget, together=1)
    assert texts(again.ask(requests(again, *words))) == ["ba", "dc", "fe", reason, reason]
    assert not asked(again), "known answers count as well: a run that is continued gets no more"


def test_a_budget_of_time_ends_asking(project: Project) -> None:
    asker = project.asker(budget=AskingBudget(seconds=0))
    assert texts(asker.ask(requests(asker, "ab"))) == ["budget_time"] and not asked(asker)


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12),
    tokens=st.integers(1, 30),
    together=st.integers(1, 6),
    before=st.sets(st.integers(0, 11)),
    cut=st.integers(0, 12),
)
def test_what_a_budget_lets_through_depends_on_the_answers_alone(
    sizes: list[int],
    tokens: int,
    together: int,
    before: set[int],
    cut: int,
) -> None:
    """Whatever was known before, however many are taken together, and in however many calls the step asks."""
    known: dict[str, Result] = {}
    budget = AskingBudget(tokens=tokens)

    def answer(request: Request) -> Answer:
        return Answer("x", "end_of_turn", 1, sizes[int(request.messages[-1]["content"])], 0.0)

    words = [str(number) for number in range(len(sizes))]
    expected = ["x" if sum(sizes[:at]) < tokens else "budget_tokens" for at in range(len(sizes))]
    asker = in_memory(known, Scripted(answer, together), budget)
    for number in before & set(range(len(sizes))):
        request = asker.request(said(words[number]), GREEDY)
        known[request.hash] = answer(request)
    found = asker.ask(requests(asker, *words[:cut])) + asker.ask(requests(asker, *words[cut:]))
    assert texts(found) == expected


def in_memory(known: dict[str, Result], backend: Scripted, budget: AskingBudget) -> Asker:
    """An asker whose store is a dictionary, because hypothesis asks hundreds of times."""

    @dataclass
    class Context:
        stop: Any = None
        store: Any = None

        def check(self) -> None: ...

        def progress(self, *told: Any, **more: Any) -> None: ...

    context: Any = Context()
    context.stop = context
    asker = Asker(context, "model", backend, budget)
    kept: Any = asker.kept
    kept.known = lambda hashes: {one: known[one] for one in hashes if one in known}
    kept.keep = lambda request, result: known.setdefault(request.hash, result)
    return asker


def test_a_stop_keeps_what_came(project: Project) -> None:
    asker = project.asker(together=1)
    stop = asker.ctx.stop

    def stopping(request: Request) -> str:
        stop.requested = request.messages[-1]["content"] == "cd"
        return backwards(request)

    assert isinstance(asker.backend, Scripted)
    asker.backend.script = stopping
    with pytest.raises(Interrupted):
        asker.ask(requests(asker, "ab", "cd", "ef"))
    assert project.kept("answer") == [("ba",), ("dc",)]


def test_answers_of_a_model_that_changed_meanwhile_are_taken_back(project: Project) -> None:
    class Changed(Scripted):
        def confirm(self) -> None:
            raise fatal("SFT0526", "the weights changed")

    first = project.asker()
    first.ask(requests(first, "ab"))
    asker = project.asker(backend=Changed(backwards))
    with pytest.raises(DiagnosticError):
        asker.ask(requests(asker, "ab", "cd"))
    assert project.kept("answer") == [("ba",)]


def test_of_two_runs_that_ask_at_once_the_first_answer_counts_for_both(project: Project) -> None:
    other = project.asker(lambda request: "first")

    def late(request: Request) -> str:
        other.ask([request])
        return "second"

    asker = project.asker(late)
    assert texts(asker.ask(requests(asker, "ab"))) == ["first"]


def test_a_budget_that_another_run_left_room_in_is_used_up(project: Project) -> None:
    """An answer of 50 tokens is paid for here, and the one that counts was given to another run and has one."""
    other = project.asker(lambda request: Answer("short", "end_of_turn", 1, 1, 0.0))

    def overtaken(request: Request) -> Answer:
        other.ask([request])
        return Answer("long", "end_of_turn", 1, 50, 0.0)

    asker = project.asker(overtaken, AskingBudget(tokens=60), together=1)
    assert texts(asker.ask(requests(asker, *"abcdefgh"))) == ["short"] * 8
    assert asker.spent.tokens == 8


def test_a_budget_counts_of_an_answer_what_the_store_keeps_of_it(project: Project) -> None:
    budget = AskingBudget(money=Decimal("0.000000003"))
    script = lambda request: Answer("a", "end_of_turn", 1, 2, 0.0, cost=Decimal("0.0000000014"))  # noqa: E731
    asker = project.asker(script, budget, together=1)
    found = texts(asker.ask(requests(asker, *"abcde")))
    assert found == ["a"] * 3 + ["budget_money"] * 2 and asker.spent.money == budget.money
    again = project.asker(script, budget, together=1)
    assert texts(again.ask(requests(again, *"abcde"))) == found and asked(again) == []


def test_only_what_the_next_run_asks_anew_has_to_be_answered(project: Project) -> None:
    def script(request: Request) -> str | Result:
        word = request.messages[-1]["content"]
        return Unanswered(word, f"it is {word}", lasting=word == "filter") if word != "fine" else "yes"

    asker = project.asker(script, AskingBudget(requests=3))
    asker.ask(requests(asker, "fine", "filter"))
    asker.require_answers()
    asker.ask(requests(asker, "http_500", "left out"))
    with pytest.raises(DiagnosticError) as caught:
        asker.require_answers()
    found = caught.value.diagnostics[0]
    assert found.code == "SFT0534"
    assert found.message == "1 of 4 requests were not answered: http_500 1 (it is http_500)"


def test_progress_counts_what_is_known(project: Project) -> None:
    first = project.asker()
    first.ask(requests(first, "ab"))
    events: list[tuple[float, float]] = []
    asker = project.asker()
    asker.ctx.events.listeners.append(
        lambda event: events.append((event.data["done"], event.data["total"])) if event.kind == "progress" else None
    )
    asker.ask(requests(asker, "ab", "cd"))
    assert events[0] == (1, 2) and events[-1] == (2, 2)
    assert list(itertools.pairwise(events)) == [] or all(a <= b for a, b in itertools.pairwise(events))
