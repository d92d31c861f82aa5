"""Options scored as continuations of prompts, beside a plain loop; what happens at the seam of prompt and option."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from compiler.step_params import PlainPrompt
from runtime.models.chat_template import render
from runtime.models.loading import load_model, load_plain_tokenizer
from runtime.models.local_chooser import Choice, LocalChooser
from runtime.models.local_generator import LocalGenerator
from runtime.models.prompt_tokens import PromptEncoder, Unanswerable, plain_text
from runtime.models.protocols import Completion, Prompt
from tests.runtime.inference.conftest import SYSTEM, prompts, user
from tests.tiny_model import build_tiny_model

PLAIN = PlainPrompt(before_answer=" ", between_turns="\n\n")
# One begins another, one is one token, one is of other scripts, and one has characters of four bytes.
OPTIONS = ("the order", "the order has not arrived", "4711", "zwölf Straße", "☃ 雪だるま", "🙂🙃")


def chosen(chooser: LocalChooser, choices: list[Choice]) -> dict[str, Completion]:
    done: list[Completion] = []
    chooser.choose(choices, done.extend)
    assert sorted(one.row_id for one in done) == sorted(choice.prompt.row_id for choice in choices)
    return {one.row_id: one for one in done}


def loop(model: Any, tokenizer: Any, context: str, continuation: str) -> tuple[float, bool, int]:
    """What lm-eval's ``hf`` does: both encoded together, split by the length of the context's own tokens."""
    spaces = len(context) - len(context.rstrip(" "))
    if spaces:
        continuation, context = context[-spaces:] + continuation, context[:-spaces]
    whole = tokenizer.encode(context + continuation, add_special_tokens=False)
    start = len(tokenizer.encode(context, add_special_tokens=False))
    with torch.inference_mode():
        found = torch.log_softmax(model(torch.tensor([whole])).logits[0], -1)
    places = range(start, len(whole))
    value = sum(float(found[at - 1, whole[at]]) for at in places)
    return value, all(int(found[at - 1].argmax()) == whole[at] for at in places), len(places)


@pytest.mark.parametrize("plain", [None, PLAIN])
def test_options_are_scored_as_by_a_loop(generator: LocalGenerator, plain: PlainPrompt | None) -> None:
    model, tokenizer = generator.model, generator.tokenizer
    choices = [Choice(prompt, OPTIONS) for prompt in prompts(6)]
    found = chosen(LocalChooser(model, tokenizer, plain), choices)
    for choice in choices:
        messages = list(choice.prompt.messages)
        if plain is None:
            context, gap = render(tokenizer, messages, add_generation_prompt=True), ""
        else:
            context, gap = f"{SYSTEM['content']}\n\n{messages[-1]['content']}", " "
        answer = found[choice.prompt.row_id]
        assert answer.options is not None and [option.text for option in answer.options] == list(OPTIONS)
        for option in answer.options:
            value, greedy, tokens = loop(model, tokenizer, context, gap + option.text)
            assert option.log_likelihood == pytest.approx(value, abs=1e-4), option
            assert (option.greedy, option.tokens) == (greedy, tokens)
        best = max(answer.options, key=lambda option: option.log_likelihood or 0.0)
        assert (answer.output, answer.stop_reason, answer.output_tokens) == (best.text, "chosen", best.tokens)
        assert answer.seconds > 0


def test_an_option_is_never_likelier_than_what_it_begins_with(generator: LocalGenerator) -> None:
    chooser = LocalChooser(generator.model, generator.tokenizer)
    for answer in chosen(chooser, [Choice(prompt, OPTIONS) for prompt in prompts(4)]).values():
        short, long = (answer.options or ())[:2]
        assert (short.log_likelihood or 0.0) > (long.log_likelihood or 0.0)


@pytest.mark.parametrize("plain", [None, PLAIN])
def test_without_a_prompt_an_option_stands_after_the_header_or_the_first_token(
    generator: LocalGenerator, plain: PlainPrompt | None
) -> None:
    model, tokenizer = generator.model, generator.tokenizer
    context = tokenizer.bos_token if plain is not None else f"{tokenizer.bos_token}assistant\n"
    found = chosen(LocalChooser(model, tokenizer, plain), [Choice(prompt, OPTIONS[:3]) for prompt in prompts(2)])
    for answer in found.values():
        for option in answer.options or ():
            gap = " " if plain is not None else ""
            value, _, _ = loop(model, tokenizer, context, gap + option.text)
            assert option.unconditional == pytest.approx(value, abs=1e-4)


def test_few_shot_turns_as_plain_text() -> None:
    turns = ({"role": "system", "content": "Sort."}, user(1), {"role": "assistant", "content": "yes"}, user(2))
    assert plain_text(turns, PLAIN) == f"Sort.\n\n{user(1)['content']} yes\n\n{user(2)['content']}"
    closed = PlainPrompt(before_answer="", between_turns="\n")
    assert plain_text(turns, closed) == f"Sort.\n{user(1)['content']}yes\n{user(2)['content']}"
    lines = ({"role": "user", "content": "Q: a\nA:\n"}, {"role": "assistant", "content": "b"}, user(2))
    assert plain_text(lines, PLAIN).startswith("Q: a\nA:\nb\n\n"), "white space that is there needs no more"
    with pytest.raises(Unanswerable):
        plain_text(({"role": "tools", "content": "[]"}, user(1)), PLAIN)


class Joining:
    """A tokenizer of characters that makes one token of ``:a``."""

    bos_token_id = eos_token_id = None
    all_special_tokens: tuple[str, ...] = ()
    added_tokens_decoder: ClassVar[dict[int, Any]] = {}

    def __call__(self, text: Any, add_special_tokens: bool = True) -> dict[str, Any]:
        if not isinstance(text, str):
            return {"input_ids": [self(one)["input_ids"] for one in text]}
        return {"input_ids": [ord(sign) for sign in text.replace(":a", "§")]}


def test_a_token_over_the_seam_counts_for_all_options() -> None:
    """The context alone would end in ``:``, which the joined option has no token for: all are compared from there."""
    encoder = PromptEncoder(Joining(), PlainPrompt(before_answer="", between_turns="\n\n"))
    sequences, start = encoder.continued("Q:", ["apple", "pear"])
    assert [bytes(ids).decode("latin-1") for ids in sequences] == ["Q§pple", "Q:pear"]
    assert start == 1
    assert encoder.continued("Q:", ["plum", "pear"])[1] == 2


def test_white_space_at_the_end_of_a_prompt_goes_over(generator: LocalGenerator) -> None:
    encoder = PromptEncoder(generator.tokenizer, PLAIN)
    spaced, start = encoder.continued("The answer: ", ["order"])
    assert (spaced, start) == encoder.continued("The answer:", ["order"])


def test_what_cannot_be_asked_is_refused(generator: LocalGenerator) -> None:
    chooser = LocalChooser(generator.model, generator.tokenizer)
    for options, rule in ((("a <|im_end|>", "b"), "control_token"), (("order " * 600, "b"), "prompt_too_long")):
        with pytest.raises(Unanswerable) as refused:
            chooser.encode(prompts(1)[0].messages, options)
        assert refused.value.rule == rule


def test_a_base_model_needs_no_chat_template(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "base", chat_template=None)
    model, tokenizer = load_model(folder, torch.float32, torch.device("cpu")), load_plain_tokenizer(folder)
    found = chosen(LocalChooser(model, tokenizer, PLAIN), [Choice(Prompt("a", (user(1),)), OPTIONS)])
    assert found["a"].output in OPTIONS
