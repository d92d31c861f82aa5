"""Requests to weights on this machine: the same text whatever is asked beside them, and no model for what is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from compiler.step_params import Greedy, PlainPrompt, Sample
from runtime.asking import Answer, Asker, open_asking
from runtime.context import StepContext
from runtime.models.model_facts import model_facts
from tests.runtime.asking.conftest import GREEDY, Project, said
from tests.runtime.inference.conftest import answers, load, prompts

SAMPLE = Sample(max_new_tokens=8, temperature=Decimal(1), top_p=Decimal(1), top_k=None, seed=3)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Matrices of 64 columns gain nothing from a second thread, and wait for it when the machine is busy."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def opened(project: Project, model: Path) -> Asker:
    return open_asking(context(project, model), precision="fp32")


def context(project: Project, model: Path) -> StepContext:
    ctx = project.context(model)
    facts = model_facts(str(model), None, model)
    content = {name: getattr(facts, name) for name in ("weights", "tokenizer", "chat_template")}
    return replace(ctx, step=ctx.step.model_copy(update={"content": content}))


def test_greedy_answers_are_those_of_the_generator(project: Project, tiny: Path) -> None:
    expected = answers(load(tiny), prompts(6), GREEDY)
    with opened(project, tiny) as asker:
        found = asker.ask([asker.request(prompt.messages, GREEDY) for prompt in prompts(6)])
        told = asker.summary()
    wanted = [expected[prompt.row_id].output for prompt in prompts(6)]
    assert [one.text for one in found if isinstance(one, Answer)] == wanted
    assert (told["asked"], told["precision"]) == (6, "float32")


def test_drawn_answers_do_not_depend_on_what_is_asked_beside_them(project: Project, tiny: Path, tmp_path: Path) -> None:
    with opened(project, tiny) as asker:
        asked = [asker.request(prompt.messages, SAMPLE, n) for prompt in prompts(4) for n in range(2)]
        found = asker.ask(asked)
        alone = opened(project, tiny)
        other = [replace_store(alone, tmp_path).ask([one])[0] for one in asked[::-1]][::-1]
    assert [one.text for one in found if isinstance(one, Answer)] == [
        one.text for one in other if isinstance(one, Answer)
    ]
    assert len({one.text for one in found if isinstance(one, Answer)}) > 4, "each sample has draws of its own"


def replace_store(asker: Asker, root: Path) -> Asker:
    """The same asker with a store that knows nothing."""
    from runtime.store import Store

    store = Store(root / "other").create()
    asker.ctx = replace(asker.ctx, store=store)
    asker.kept.ctx = asker.ctx
    asker.kept.waiting.ctx = asker.ctx
    return asker


def test_no_model_is_loaded_for_what_is_known(project: Project, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(project, tiny) as asker:
        asked = [asker.request(said("one"), GREEDY), asker.request(said("a <|im_start|> b"), GREEDY)]
        asked.append(asker.request(said("order " * 600), GREEDY))
        first = asker.ask(asked)
    assert [getattr(one, "reason", None) for one in first] == [None, "control_token", "prompt_too_long"]
    monkeypatch.setattr("runtime.asking.local.loaded", lambda *_, **__: pytest.fail("a model was loaded"))
    with opened(project, tiny) as again:
        assert again.ask(asked) == first


def test_decodings_may_differ_from_request_to_request(project: Project, tiny: Path) -> None:
    with opened(project, tiny) as asker:
        short, long = asker.ask([asker.request(said("one"), Greedy(max_new_tokens=n)) for n in (3, 9)])
    assert isinstance(short, Answer) and isinstance(long, Answer)
    assert (short.output_tokens, long.output_tokens) == (3, 9) or long.stop_reason == "end_of_turn"
    assert long.text.startswith(short.text)


def test_a_plain_prompt_and_another_dtype_are_other_models(project: Project, tiny: Path) -> None:
    ctx = context(project, tiny)
    plain = PlainPrompt(before_answer=" ", between_turns="\n\n")
    hashes = {
        open_asking(ctx, precision="fp32").model,
        open_asking(ctx, precision="bf16").model,
        open_asking(ctx, precision="fp32", plain=plain).model,
    }
    assert len(hashes) == 3
