"""Token ids and loss masks of conversations, derived from the model's own chat template and proven on it.

For each assistant turn the loss falls on the assistant's text and the end-of-turn token, and on nothing else; of a
turn that calls tools, on what the template writes for the calls. The places are found by rendering: up to the turn
with the generation prompt (the header) and through the turn; both have to be prefixes of the whole conversation, and
what follows the header has to be the turn's text and then one special token. Character offsets of the fast tokenizer
carry the places over to tokens. No ``{% generation %}`` marks are needed (few published templates have them), and
nothing is guessed: a template that cannot be proven on a probe stops the run before any step, a row that cannot be
proven is dropped with its reason. Pad being the same token as end-of-turn does no harm, because the mask comes from
places, not from ids. About 0.5 ms a short conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from runtime.models.chat_template import Message, TemplateFailure, render
from runtime.models.control_tokens import refuse_control_token, special_texts
from runtime.models.tools import is_trained
from spec_lang.diagnostics import fatal

Objective = Literal["response", "full"]

_PROBE: tuple[Message, ...] = (
    {"role": "user", "content": "Kestrel asks 12 questions."},
    {"role": "assistant", "content": "Marmot answers: 34."},
    {"role": "user", "content": "Lichen asks again?"},
    {"role": "assistant", "content": "Quartz answers again!"},
)
_PROBE_SYSTEM: Message = {"role": "system", "content": "Basalt speaks."}


class MaskFailure(Exception):
    """A conversation whose mask cannot be derived. ``reason`` is a ledger rule, the message a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of one assistant turn in the rendered text: its content, then its end-of-turn text up to ``end``."""

    start: int
    content_end: int
    end: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A conversation as tokens; ``supervised[t]`` says that the loss predicts token ``t`` (never token 0)."""

    ids: tuple[int, ...]
    supervised: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class MaskProof:
    """What a chat template was shown to do, for the preflight and for a look at a model.

    ``example`` is the rendered probe and ``spans`` the supervised characters in it.
    """

    end_of_turn: str
    end_of_turn_id: int
    pad: str | None
    pad_is_end_of_turn: bool
    default_system: str | None
    has_system_role: bool
    strips_content: bool
    multi_turn: bool
    example: str
    spans: tuple[tuple[int, int], ...]


def prove(tokenizer: Any, chat_template: str | None = None) -> MaskProof:
    """Derive and check the mask on a probe of two turns (one, where the template takes no more).

    Raises DiagnosticError SFT0512 (the template fails), SFT0513 (no end-of-turn token), SFT0514 (the mask
    cannot be proven) with what failed.
    """
    try:
        render(tokenizer, _PROBE[:2], chat_template=chat_template)
    except TemplateFailure as failure:
        raise fatal(
            "SFT0512",
            f"the chat template cannot render a user and an assistant turn: {failure}",
            'name another one in the model: `chat_template = "chat.jinja"`',
        ) from failure
    multi_turn = _renders(tokenizer, _PROBE, chat_template)
    with_system = _renders(tokenizer, (_PROBE_SYSTEM, *_PROBE[:2]), chat_template)
    probe = _PROBE if multi_turn else _PROBE[:2]
    if with_system:
        _proven(tokenizer, (_PROBE_SYSTEM, *probe), chat_template)
    text, spans, encoded = _proven(tokenizer, probe, chat_template)
    ending = text[spans[0].content_end : spans[0].end]
    last = max(t for t, on in enumerate(encoded.supervised) if on)
    return MaskProof(
        end_of_turn=ending,
        end_of_turn_id=encoded.ids[last],
        pad=tokenizer.pad_token,
        pad_is_end_of_turn=tokenizer.pad_token_id == encoded.ids[last],
        default_system=_default_system(tokenizer, chat_template) if with_system else None,
        has_system_role=with_system,
        strips_content=_strips(tokenizer, chat_template),
        multi_turn=multi_turn,
        example=text,
        spans=tuple((span.start, span.end) for span in spans),
    )


def encode(
    tokenizer: Any, messages: Sequence[Message], objective: Objective, chat_template: str | None = None
) -> Encoded:
    """Token ids and mask of one conversation, at its full length.

    ``response`` supervises every assistant turn, ``full`` every token but the first. Raises MaskFailure.
    """
    _refuse_control_tokens(tokenizer, messages)
    text = _rendered(tokenizer, messages, chat_template)
    if objective == "full":
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        return Encoded(tuple(ids), tuple(t > 0 for t in range(len(ids))))
    return _on_tokens(tokenizer, text, assistant_spans(tokenizer, text, messages, chat_template))


def assistant_spans(
    tokenizer: Any, text: str, messages: Sequence[Message], chat_template: str | None = None
) -> tuple[Span, ...]:
    """The place of each assistant turn that is learned in ``text``, the rendered conversation. Raises MaskFailure."""
    spans = []
    for index, message in enumerate(messages):
        if message["role"] != "assistant" or not is_trained(message):
            continue
        header = _rendered(tokenizer, messages[:index], chat_template, add_generation_prompt=True)
        through = _rendered(tokenizer, messages[: index + 1], chat_template)
        turn = f"turn {index + 1}"
        if not text.startswith(through):
            raise MaskFailure("mask", f"the template renders {turn} otherwise once later turns follow")
        if not through.startswith(header):
            raise MaskFailure("mask", f"the generation prompt is not what the template writes before {turn}")
        if message.get("tool_calls"):
            spans.append(_call_span(tokenizer, text, len(header), len(through), message["tool_calls"], turn))
        else:
            spans.append(_span(tokenizer, text, len(header), len(through), message["content"], turn))
    return tuple(spans)


def _span(tokenizer: Any, text: str, start: int, through: int, content: str, turn: str) -> Span:
    kept = next((form for form in _forms(content) if text.startswith(form, start)), None)
    if kept is None:
        raise MaskFailure("mask", f"the template writes something between the generation prompt and the text of {turn}")
    end = start + len(kept)
    ending = _first_special(tokenizer, text[end:through])
    if ending is None:
        raise MaskFailure("end_of_turn", f"no end-of-turn token follows the text of {turn}")
    return Span(start, end, end + ending)


def _call_span(tokenizer: Any, text: str, start: int, through: int, calls: Sequence[Any], turn: str) -> Span:
    """All that the template writes for a turn with calls, up to the special token that it ends with."""
    body = text[start:through].rstrip()
    ending = next((special for special in special_texts(tokenizer) if special and body.endswith(special)), None)
    if ending is None:
        raise MaskFailure("end_of_turn", f"no end-of-turn token follows the tool calls of {turn}")
    if any(call["function"]["name"] not in body for call in calls):
        raise MaskFailure("mask", f"the template leaves out a tool call of {turn}")
    return Span(start, start + len(body) - len(ending), start + len(body))


def _forms(content: str) -> tuple[str, ...]:
    """A text as templates write it: as it is, or trimmed (Llama 3 does so)."""
    return (content, content.strip(), content.rstrip(), content.lstrip())


def _first_special(tokenizer: Any, tail: str) -> int | None:
    """How many characters the special token takes that ``tail`` begins with, or None when it begins otherwise."""
    for text in special_texts(tokenizer):
        if text and tail.startswith(text):
            return len(text)
    return None


def _refuse_control_tokens(tokenizer: Any, messages: Sequence[Message]) -> None:
    if reason := refuse_control_token(tokenizer, messages):
        raise MaskFailure("control_token", reason)


def _on_tokens(tokenizer: Any, text: str, spans: Sequence[Span]) -> Encoded:
    """Carry character places over to tokens; a token may not reach over either end of a span."""
    output = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    supervised = [False] * len(output["input_ids"])
    place = iter(spans)
    span = next(place, None)
    for index, (start, end) in enumerate(output["offset_mapping"]):
        while span is not None and start >= span.end:
            span = next(place, None)
        if span is None:
            break
        if end <= span.start or start == end:
            continue
        if start < span.start or end > span.end or start < span.content_end < end:
            raise MaskFailure("boundary", "a token reaches over the edge of the assistant's text")
        supervised[index] = True
    return Encoded(tuple(output["input_ids"]), tuple(supervised))


def _rendered(
    tokenizer: Any, messages: Sequence[Message], chat_template: str | None, *, add_generation_prompt: bool = False
) -> str:
    try:
        return render(tokenizer, messages, chat_template=chat_template, add_generation_prompt=add_generation_prompt)
    except TemplateFailure as failure:
        raise MaskFailure("template", f"the chat template refuses this conversation: {failure}") from failure


# --- the probe -------------------------------------------------------------------------------------


def _renders(tokenizer: Any, messages: Sequence[Message], chat_template: str | None) -> bool:
    try:
        text = render(tokenizer, messages, chat_template=chat_template)
    except TemplateFailure:
        return False
    return all(text.count(message["content"]) == 1 for message in messages)


def _proven(
    tokenizer: Any, messages: Sequence[Message], chat_template: str | None
) -> tuple[str, tuple[Span, ...], Encoded]:
    """Text, spans and tokens of the probe, with every property checked that the mask relies on."""
    try:
        text = _rendered(tokenizer, messages, chat_template)
        for message in messages:
            if text.count(message["content"]) != 1:
                count = text.count(message["content"])
                raise MaskFailure("mask", f"the template writes the {message['role']}'s text {count} times")
        spans = assistant_spans(tokenizer, text, messages, chat_template)
        encoded = _on_tokens(tokenizer, text, spans)
        _check_decoded(tokenizer, text, spans, encoded)
    except MaskFailure as failure:
        code = "SFT0513" if failure.reason == "end_of_turn" else "SFT0514"
        raise fatal(
            code,
            f"the loss mask cannot be derived from the chat template: {failure}",
            "name a chat template in the model that writes each turn the same way wherever it stands and ends it with "
            'a special token: `chat_template = "chat.jinja"`',
        ) from failure
    return text, spans, encoded


def _check_decoded(tokenizer: Any, text: str, spans: Sequence[Span], encoded: Encoded) -> None:
    """Decode the supervised tokens of each run: they have to give back exactly the turns."""
    runs: list[list[int]] = []
    for index, (token, on) in enumerate(zip(encoded.ids, encoded.supervised, strict=True)):
        if on:
            if not (index and encoded.supervised[index - 1]):
                runs.append([])
            runs[-1].append(token)
    decoded = [tokenizer.decode(run, skip_special_tokens=False, clean_up_tokenization_spaces=False) for run in runs]
    wanted = [text[span.start : span.end] for span in spans]
    if [item.lstrip(" ") for item in decoded] != [item.lstrip(" ") for item in wanted]:
        raise MaskFailure("mask", "the supervised tokens do not decode to the assistant's turns")


def _default_system(tokenizer: Any, chat_template: str | None) -> str | None:
    """The system text that the template puts in when a conversation has none, or None."""
    user = _PROBE[0]
    without = render(tokenizer, [user], chat_template=chat_template).split(user["content"])[0]
    head, _, rest = render(tokenizer, [_PROBE_SYSTEM, user], chat_template=chat_template).partition(
        _PROBE_SYSTEM["content"]
    )
    between = rest.split(user["content"])[0]
    if head and len(without) > len(head) + len(between) and without.startswith(head) and without.endswith(between):
        return without[len(head) : len(without) - len(between)]
    return None


def _strips(tokenizer: Any, chat_template: str | None) -> bool:
    padded = {"role": "assistant", "content": "\n Marmot answers. \n"}
    try:
        return padded["content"] not in render(tokenizer, [_PROBE[0], padded], chat_template=chat_template)
    except TemplateFailure:
        return False
