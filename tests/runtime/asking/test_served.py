"""A served model: every way to fail has its name and loses nothing, and what is hopeless stops at once."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from compiler.asking_params import AskingBudget
from compiler.step_params import Greedy, Sample
from runtime.asking import Answer, Asker, Request, Result
from runtime.asking.model import ServedModel
from runtime.asking.served import backend as backend_module
from runtime.asking.served import pace as pace_module
from runtime.asking.served.backend import ServedBackend
from runtime.context import Interrupted, StepContext
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.asking.conftest import Project, said
from tests.served import NAME, Fault, backwards, in_turn, serving

GREEDY = Greedy(max_new_tokens=8)
KEY = "sk-0123456789abcdef-secret"
WORDS = [f"word {number}" for number in range(12)]
FAILING: dict[str, Fault] = {
    "http_429": Fault(429, body=b'{"error": {"message": "slow down"}}'),
    "http_500": Fault(500, body=b"oh no"),
    "http_503": Fault(503),
    "connection": Fault(cut=20),
    "wrong_json": Fault(body=b'{"choices": ['),
    "no_choices": Fault(body=b'{"choices": []}'),
    "no_text": Fault(body=b'{"choices": [{"message": {"role": "assistant"}}]}'),
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits a hundredth of what it would."""
    monkeypatch.setattr(pace_module, "_FIRST", 0.005)
    monkeypatch.setattr(backend_module, "_LOOK", 0.02)


def local(url: str, **more: Any) -> dict[str, Any]:
    return {"endpoint": url, "name": NAME, "key": None, "concurrency": 4, "timeout": 20, "retries": 8, **more}


def asker_of(project: Project, url: str, budget: AskingBudget | None = None, **more: Any) -> Asker:
    model = ServedModel(project.root.name, local(url, **more))
    ctx = project.context()
    return Asker(ctx, model.hash, ServedBackend(ctx, model), budget or AskingBudget())


def ask(asker: Asker, words: list[str] = WORDS) -> list[Result]:
    return asker.ask([asker.request(said(word), GREEDY) for word in words])


def texts(results: list[Result]) -> list[str]:
    return [one.text if isinstance(one, Answer) else one.reason for one in results]


def refused(call: Callable[[], object]) -> Any:
    with pytest.raises(DiagnosticError) as caught:
        call()
    return caught.value.diagnostics[0]


BACKWARDS = [word[::-1] for word in WORDS]


def test_answers_come_in_order_with_what_they_cost(project: Project) -> None:
    together = threading.Barrier(4)

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        together.wait(60)  # four at a time, twelve in all
        return backwards(body)

    with serving(answer) as served:
        asker = asker_of(project, served.url, price={"input": "1.5", "output": "6"})
        found = ask(asker)
        assert texts(found) == BACKWARDS and served.most_at_once == 4
        assert sorted(served.asked()) == sorted(WORDS)
        assert served.came[0] == {
            "model": NAME,
            "messages": [{"role": "user", "content": served.asked()[0]}],
            "temperature": 0,
            "max_tokens": 8,
        }
    first = found[0]
    assert isinstance(first, Answer)
    assert (first.prompt_tokens, first.output_tokens, first.stop_reason, first.served) == (2, 3, "end_of_turn", NAME)
    assert first.cost == Decimal("0.000021") and asker.summary()["cost"] == "0.000252"


def test_a_request_carries_no_more_than_it_needs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client reads these from the environment, and would send them to any server."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-secret: sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with serving() as served:
        assert texts(ask(asker_of(project, served.url), ["ab"])) == ["ba"]
    assert "sk-of-somebody-else" not in json.dumps(served.headers) and "authorization" not in served.headers[0]
    wanted = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"}
    wanted.add("x-stainless-raw-response")
    assert set(served.headers[0]) <= wanted


def test_failures_are_counted_under_their_names_and_asked_again(project: Project) -> None:
    with serving(faults=in_turn([one for fault in FAILING.values() for one in (fault, None)])) as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert texts(ask(asker)) == BACKWARDS
    assert len(served.answered) == len(WORDS) and len(served.came) == len(WORDS) + len(FAILING)
    assert asker.summary()["retried_for"] == dict.fromkeys(FAILING, 1)
    assert asker.summary()["retries"] == len(FAILING)


def test_an_answer_that_does_not_come_in_time(project: Project) -> None:
    with serving(faults=in_turn([Fault(seconds=30)])) as served:
        asker = asker_of(project, served.url, timeout=1)
        assert texts(ask(asker, ["ab"])) == ["ba"]
    assert asker.summary()["retried_for"] == {"timeout": 1}


def test_a_server_that_fails_half_of_its_calls_loses_nothing(project: Project) -> None:
    draw = random.Random(5)
    kinds = list(FAILING.values())
    words = [f"item {number}" for number in range(40)]

    def half(number: int, body: dict[str, Any]) -> Fault | None:
        return draw.choice(kinds) if draw.random() < 0.5 else None

    with serving(faults=half) as served:
        asker = asker_of(project, served.url, retries=40, concurrency=8)
        assert texts(ask(asker, words)) == [word[::-1] for word in words]
    assert len(served.answered) == 40, "no answer is asked for twice"
    assert asker.summary()["retries"] == len(served.came) - 40 == sum(asker.summary()["retried_for"].values())


def test_what_is_given_up_is_told_and_the_next_run_asks_for_it_alone(project: Project) -> None:
    def bad(number: int, body: dict[str, Any]) -> Fault | None:
        return FAILING["http_500"] if body["messages"][0]["content"] == "word 3" else None

    with serving(faults=bad) as served:
        asker = asker_of(project, served.url, retries=2, concurrency=1)
        expected = [*BACKWARDS]
        expected[3] = "http_500"
        assert texts(ask(asker)) == expected and asker.summary()["unanswered"] == {"http_500": 1}
    with serving() as again:
        assert texts(ask(asker_of(project, again.url))) == BACKWARDS and again.asked() == ["word 3"]


def test_what_a_server_asks_to_wait_holds_all_back(project: Project) -> None:
    waits: list[float] = []

    with serving(faults=in_turn([Fault(429, {"Retry-After": "0.3"})])) as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert isinstance(asker.backend, ServedBackend)
        hold = asker.backend.pace.hold
        asker.backend.pace.hold = lambda seconds: (waits.append(seconds), hold(seconds))[1]  # type: ignore[method-assign]
        ask(asker, ["ab", "cd"])
        answers = list(asker.kept.known([asker.request(said("ab"), GREEDY).hash]).values())
    assert waits == [0.3] and isinstance(answers[0], Answer) and answers[0].attempts == 2


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(401, body=b'{"error": {"message": "no such key"}}'), ("SFT0530", "HTTP 401: no such key", "key = env")),
        (Fault(404, body=b'{"error": {"message": "no model `tiny`"}}'), ("SFT0530", "HTTP 404", "`name`")),
        (Fault(429, body=b'{"error": {"code": "insufficient_quota"}}'), ("SFT0530", "HTTP 429", "quota")),
        (Fault(400, body=b'{"error": {"message": "no", "param": "temperature"}}'), ("SFT0530", "HTTP 400: no", "take")),
        (Fault(307, {"Location": "https://elsewhere.example/v1"}), ("SFT0530", "elsewhere.example", "endpoint")),
        (Fault(429, {"Retry-After": "86400"}), ("SFT0530", "wait 86,400 seconds", "quota")),
    ],
    ids=["401", "404", "quota", "parameter", "redirect", "long wait"],
)
def test_what_every_request_would_meet_stops_at_once(project: Project, fault: Fault, told: tuple[str, ...]) -> None:
    with serving(faults=lambda number, body: fault) as served:
        found = refused(lambda: ask(asker_of(project, served.url, concurrency=2)))
    assert found.code == told[0] and told[1] in found.message and told[2] in str(found.help)
    assert len(served.came) <= 2


def test_what_came_before_a_stop_is_kept(project: Project) -> None:
    def later(number: int, body: dict[str, Any]) -> Fault | None:
        return Fault(401) if number >= 5 else None

    with serving(faults=later) as served:
        refused(lambda: ask(asker_of(project, served.url, concurrency=2)))
    kept = len(project.kept("answer"))
    assert kept == len(served.answered) == 5
    with serving() as again:
        assert texts(ask(asker_of(project, again.url))) == BACKWARDS and len(again.came) == len(WORDS) - 5


def test_a_server_that_is_not_there(project: Project) -> None:
    found = refused(lambda: ask(asker_of(project, "http://127.0.0.1:9/v1", retries=2)))
    assert found.code == "SFT0532" and "answers nothing" in found.message and "ConnectError" in found.message


def test_a_server_that_calls_everything_wrong_stops_and_one_request_that_it_calls_wrong_does_not(
    project: Project,
) -> None:
    wrong = Fault(400, body=b'{"error": {"message": "what is this"}}')
    with serving(faults=lambda number, body: wrong) as served:
        found = refused(lambda: ask(asker_of(project, served.url, concurrency=1)))
        assert found.code == "SFT0530" and "what is this" in found.message and len(served.came) == 3
    assert project.kept("answer") == []

    def one(number: int, body: dict[str, Any]) -> Fault | None:
        return wrong if body["messages"][0]["content"] == "word 0" else None

    with serving(faults=one) as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert texts(ask(asker)) == ["http_400", *BACKWARDS[1:]]
        assert refused(asker.require_answers).code == "SFT0534"
    with serving() as again:
        assert texts(ask(asker_of(project, again.url))) == BACKWARDS
        assert again.asked() == ["word 0"], "it may have been a gateway between: nothing is kept of it"


def test_a_request_that_a_server_which_answers_calls_wrong_is_asked_again_by_the_next_run(project: Project) -> None:
    def later(number: int, body: dict[str, Any]) -> Fault | None:
        return Fault(413) if body["messages"][0]["content"] == "word 5" else None

    with serving(faults=later) as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert texts(ask(asker)) == [*BACKWARDS[:5], "http_413", *BACKWARDS[6:]]
        assert "1 of 12 requests were not answered: http_413 1" in refused(asker.require_answers).message
    with serving() as again:
        asker = asker_of(project, again.url)
        assert texts(ask(asker)) == BACKWARDS and again.asked() == ["word 5"]
        asker.require_answers()


def test_what_a_server_refuses_for_sure_is_kept_and_is_an_answer(project: Project) -> None:
    message = b'{"error": {"code": "content_filter"}}'
    with serving(faults=in_turn([None, Fault(400, body=message)])) as served:
        for _ in range(2):
            asker = asker_of(project, served.url, concurrency=1)
            assert texts(ask(asker, ["ab", "cd"])) == ["ba", "content_filter"] and len(served.came) == 2
            asker.require_answers()


def test_a_body_nested_as_deep_as_it_goes_is_a_failure_as_others_are(project: Project) -> None:
    with serving(faults=in_turn([Fault(500, body=b"[" * 200_000), Fault(body=b"[" * 200_000)])) as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert texts(ask(asker)) == BACKWARDS
    assert asker.summary()["retried_for"] == {"http_500": 1, "wrong_json": 1}


def test_a_response_that_nothing_foresaw_is_asked_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(body: bytes, key: str | None) -> Any:
        monkeypatch.setattr(backend_module, "read", read)
        raise KeyError("what is this")

    read = backend_module.read
    monkeypatch.setattr(backend_module, "read", once)
    with serving() as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert texts(ask(asker)) == BACKWARDS
    assert asker.summary()["retried_for"] == {"unreadable": 1}


def test_a_prompt_that_is_too_long_for_the_server(project: Project) -> None:
    message = b'{"error": {"message": "This model\'s maximum context length is 4096 tokens"}}'
    with serving(faults=in_turn([Fault(400, body=message)])) as served:
        assert texts(ask(asker_of(project, served.url, concurrency=1), ["ab", "cd"])) == ["prompt_too_long", "dc"]


def test_a_server_that_wants_the_limit_under_its_other_name(project: Project) -> None:
    message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    wrong = Fault(400, body=json.dumps({"error": {"message": message, "param": "max_tokens"}}).encode())
    with serving(faults=lambda number, body: wrong if "max_tokens" in body else None) as served:
        assert texts(ask(asker_of(project, served.url))) == BACKWARDS
    assert served.answered[0]["max_completion_tokens"] == 8 and len(served.came) <= len(WORDS) + 4


def test_another_model_in_mid_run_is_refused(project: Project) -> None:
    def other(number: int, body: dict[str, Any]) -> Fault | None:
        return Fault(change=lambda response: response | {"model": "bigger\x1b[2J"}) if number >= 5 else None

    with serving(faults=other) as served:
        found = refused(lambda: ask(asker_of(project, served.url)))
    assert found.code == "SFT0533" and "was `tiny` and is `bigger" in found.message and "\x1b" not in found.message
    assert set(project.kept("served")) == {("tiny",)}
    with serving(lambda body: backwards(body) | {"model": "other"}) as served:
        found = refused(lambda: ask(asker_of(project, served.url)))
        assert found.code == "SFT0533", "nor is what another run was told mixed with it"


ODD: list[tuple[dict[str, Any], str | None, str]] = [
    ({"content": ""}, "empty", ""),
    ({"content": "yes", "refusal": None}, None, "yes"),
    ({"content": "a\x00\x1b[31mb"}, "control_characters", "a\x00\x1b[31mb"),
    ({"content": "word 3"}, "repeats_the_prompt", "word 3"),
    ({"content": "half \ud83d"}, None, "half \ufffd"),
    ({"content": None, "refusal": "I will not"}, "refusal", "I will not"),
    ({"content": "", "refusal": "Nor I"}, "refusal", "Nor I"),
]


def test_answers_that_are_odd_are_kept_and_counted(project: Project) -> None:
    def odd(number: int, body: dict[str, Any]) -> Fault:
        def change(response: dict[str, Any]) -> dict[str, Any]:
            response["choices"][0]["message"] |= ODD[number][0]
            return response

        return Fault(change=change)

    with serving(faults=odd) as served:
        asker = asker_of(project, served.url, concurrency=1)
        assert texts(ask(asker, WORDS[: len(ODD)])) == [text for _, _, text in ODD]
        again = asker_of(project, served.url)
        assert texts(ask(again, WORDS[: len(ODD)])) == [text for _, _, text in ODD], "as they were kept"
    counted = {"control_characters": 1, "empty": 1, "refusal": 2, "repeats_the_prompt": 1}
    assert asker.summary()["flaws"] == again.summary()["flaws"] == counted


NULL: list[dict[str, Any]] = [{}, {"refusal": None}, {"refusal": ""}, {"reasoning_content": "Let me think."}]


@pytest.mark.parametrize("message", NULL, ids=["plain", "no refusal", "empty refusal", "reasoning"])
def test_null_is_no_text_and_is_asked_again(project: Project, message: dict[str, Any]) -> None:
    def change(response: dict[str, Any]) -> dict[str, Any]:
        response["choices"][0]["message"] |= {"content": None, **message}
        return response

    with serving(faults=lambda number, body: Fault(change=change) if number == 0 else None) as served:
        asker = asker_of(project, served.url)
        assert texts(ask(asker, ["ab"])) == ["ba"]
    assert asker.summary()["retried_for"] == {"no_text": 1}
    assert project.kept("answer") == [("ba",)]


@pytest.mark.parametrize(("reason", "flaw"), [("length", "truncated"), ("content_filter", "content_filter")])
def test_null_is_an_answer_where_the_server_says_what_kept_it_back(project: Project, reason: str, flaw: str) -> None:
    """A model that thought until the limit of tokens would be paid for the same once more."""

    def change(response: dict[str, Any]) -> dict[str, Any]:
        response["choices"][0] |= {"message": {"content": None, "reasoning": "Well, ..."}, "finish_reason": reason}
        return response

    with serving(faults=lambda number, body: Fault(change=change)) as served:
        asker = asker_of(project, served.url)
        assert texts(ask(asker, ["ab"])) == [""]
    assert asker.summary()["flaws"] == {"empty": 1, flaw: 1}


def test_an_answer_that_was_cut_off_and_one_longer_than_asked(project: Project) -> None:
    long = {"text": "x", "finish_reason": "length", "prompt_tokens": 1, "completion_tokens": 900}
    with serving(lambda body: long) as served:
        asker = asker_of(project, served.url)
        ask(asker, ["ab"])
    assert asker.summary()["flaws"] == {"longer_than_asked": 1, "truncated": 1}


def test_a_budget_in_money_ends_asking(project: Project) -> None:
    with serving() as served:
        budget = AskingBudget(money=Decimal("0.00006"))
        asker = asker_of(project, served.url, budget, price={"input": "1.5", "output": "6"}, concurrency=1)
        found = texts(ask(asker))
        assert found == BACKWARDS[:3] + ["budget_money"] * 9 and len(served.came) == 3
        again = asker_of(project, served.url, budget, price={"input": "1.5", "output": "6"})
        assert texts(ask(again)) == found and len(served.came) == 3


@pytest.mark.parametrize("budget", [AskingBudget(tokens=5), AskingBudget(money=Decimal(1))], ids=["tokens", "money"])
def test_a_budget_that_cannot_be_kept_is_refused(project: Project, budget: AskingBudget) -> None:
    with serving(lambda body: {"text": "x"}) as served:
        assert refused(lambda: ask(asker_of(project, served.url, budget), ["ab"])).code == "SFT0535"


def test_drawn_answers_get_a_seed_of_their_own(project: Project) -> None:
    decode = Sample(max_new_tokens=8, temperature=Decimal("0.7"), top_p=Decimal("0.9"), top_k=None, seed=3)
    with serving() as served:
        asker = asker_of(project, served.url)
        requests: list[Request] = [asker.request(said("ab"), decode, n) for n in range(3)]
        asker.ask(requests)
    assert {(body["temperature"], body["top_p"]) for body in served.came} == {(0.7, 0.9)}
    assert len({body["seed"] for body in served.came}) == 3


def test_a_stop_waits_for_what_is_under_way_and_keeps_it(project: Project) -> None:
    with serving() as served:
        asker = asker_of(project, served.url, concurrency=2)
        keep = asker.kept.keep

        def stopping(request: Request, result: Result) -> None:
            keep(request, result)
            asker.ctx.stop.requested = True

        asker.kept.keep = stopping  # type: ignore[method-assign]
        with pytest.raises(Interrupted):
            ask(asker)
    assert 0 < len(served.answered) < len(WORDS)
    assert len(project.kept("answer")) == len(served.answered), "what was paid for is kept"


def test_the_key_goes_to_the_server_and_nowhere_else(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    with serving(lambda body: {"text": f"your key is {KEY}", "model": KEY}, key=KEY) as served:
        found = ask(asker_of(project, served.url, key="TINY_KEY"), ["ab"])
    assert texts(found) == ["your key is ••••••••"] and served.headers[0]["authorization"] == f"Bearer {KEY}"
    files = [path for path in [*project.store.root.rglob("*"), *project.root.rglob("*")] if path.is_file()]
    assert KEY not in repr(found) and not [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "is not set"), ("  ", "is not set"), ("sk-wrong key-1234", "cannot be a key"), ("sk-ключ", "cannot be")],
)
def test_a_key_that_is_none(project: Project, monkeypatch: pytest.MonkeyPatch, value: str | None, told: str) -> None:
    monkeypatch.delenv("TINY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TINY_KEY", value)
    found = refused(lambda: ask(asker_of(project, "http://127.0.0.1:9/v1", key="TINY_KEY")))
    assert found.code == "SFT0531" and told in found.message
    assert value is None or not value.strip() or value not in f"{found.message} {found.help}"


def test_a_refused_key_is_not_shown_though_the_server_says_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    body = json.dumps({"error": {"message": f"{KEY} is no key"}}).encode()
    with serving(faults=lambda number, _: Fault(401, body=body)) as served:
        found = refused(lambda: ask(asker_of(project, served.url, key="TINY_KEY")))
    assert "•••••••• is no key" in found.message and "TINY_KEY" in str(found.help)
    assert KEY not in f"{found.message} {found.help}"


def _error(message: str) -> bytes:
    return json.dumps({"error": {"message": message}}).encode()


AT_THE_CUT = "y" * 180 + " "  # an error is shown up to 200 characters, and the key goes past that
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(401, body=_error(AT_THE_CUT + KEY)),
        Fault(400, body=_error(AT_THE_CUT + KEY)),
        Fault(500, body=_error(AT_THE_CUT + KEY)),
        Fault(500, body=(AT_THE_CUT + KEY).encode()),
        Fault(400, body=_error(AT_THE_CUT + KEY).decode().encode("utf-16")),
        Fault(400, body=f'{{"error": {{"message": "{AT_THE_CUT}{ESCAPED}"}}}}'.encode()),
        Fault(302, {"Location": f"https://elsewhere.example/{'p' * 155}?k={KEY}"}),
    ],
    ids=["refused", "called wrong", "failed", "no JSON", "UTF-16", "escaped", "redirect"],
)
def test_no_part_of_a_key_is_kept_or_shown_where_an_error_is_cut(
    project: Project, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    notes: list[str] = []
    monkeypatch.setattr(StepContext, "note", lambda ctx, text: notes.append(text))
    part = KEY[:10]

    def bad(number: int, body: dict[str, Any]) -> Fault | None:
        return fault if body["messages"][0]["content"] == "bad" else None

    with serving(faults=bad) as served:
        asker = asker_of(project, served.url, key="TINY_KEY", retries=1, concurrency=1)
        try:
            told = repr(ask(asker, ["ok", "bad"]))
        except DiagnosticError as stop:
            told = repr(stop.diagnostics)
    assert part not in told + repr(notes) + repr(project.kept("detail, answer, served"))


def test_a_key_of_eight_characters_is_taken_out_of_answers_and_of_all_that_is_kept_of_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "tokenabc"
    monkeypatch.setenv("TINY_KEY", key)
    with serving(lambda body: {"text": f"it is {key}", "model": key, "finish_reason": key}) as served:
        found = ask(asker_of(project, served.url, key="TINY_KEY"), ["ab"])
    assert texts(found) == ["it is ••••••••"]
    assert key not in repr(found) + repr(project.kept("answer, served, stop_reason"))


def test_nothing_is_sent_for_what_is_known(project: Project) -> None:
    with serving() as served:
        ask(asker_of(project, served.url))
    assert texts(ask(asker_of(project, "http://127.0.0.1:9/v1", key="NOT_SET"))) == BACKWARDS
