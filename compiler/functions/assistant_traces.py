r"""Traces that assistants and pipelines leave in texts: control tokens, stock phrases, refusals, blanks, broken ends.

The phrases are English, and lists of them are never complete. On the 1,350 completions of XSTest that are labelled
(GPT-4, Llama 2, Mistral with a guard), ``refuses`` finds 87% of the full refusals and 3% of the full answers; it was
tuned on texts of this kind, and a refusal that argues instead of declining is not found. Each takes 3 to 17 us for a
text of 110 words.
"""

from __future__ import annotations

import re
from decimal import Decimal

from compiler.functions.table import SPACE, Built, Function, Parameter, Written, counting, found, pattern, text

# Control tokens of the chat templates and tokenizers in use: `<|…|>` (GPT, ChatML, Llama 3, Phi, StarCoder), `<｜…｜>`
# (DeepSeek), `[INST]` and `<<SYS>>` (Llama 2, Mistral), `<start_of_turn>` (Gemma), `</s>`, `[SEP]` and their like.
# `<s>` alone is struck-through text in HTML.
_CONTROL = (
    r"<\|[^|<>\s]{1,60}\|>|<｜[^｜<>]{1,60}｜>|\[/?INST\]|\[/?(?:SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS)\]"
    r"|<</?SYS>>|</s>|<(?:start|end)_of_(?:turn|image|utterance)>|<(?:bos|eos|pad|unk|mask)>"
    r"|\[(?:CLS|SEP|PAD|UNK|MASK|BOS|EOS|gMASK)\]|<extra_id_[0-9]+>|<unused[0-9]+>|<fim_(?:prefix|middle|suffix)>"
    r"|<(?:begin|end)_of_(?:text|sentence)>"
)

# What is refused, as the beginnings of verbs.
_DOES = (
    "help|assist|provid|fulfil|comply|answer|support|creat|generat|writ|giv|offer|discuss|engag|participat|recommend|"
    "encourag|condon|promot|shar|satisfy|complet|respond|advis|explain|tell|teach|suggest|process|produc|do that|"
    "do this|do so|speculat|instruct|facilitat|endors|accommodat|continu|grant"
)
_UNABLE = "unable|not able|not capable|not allowed|not permitted|not comfortable|not programmed|not designed|not going"
_NOT = (
    r"cannot|can ?not|can['’]t|won['’]t|will not|do(?: not|n['’]t) (?:feel comfortable|condone|promote)|"
    r"must (?:\w+ )?(?:declin|refus)|have to declin|refus|declin|"
    rf"(?:am|['’]m) (?:\w+ )?(?:{_UNABLE})(?: to| of)?"
)
_WRONG = "appropriate|ethical|acceptable|okay|ok|legal|safe|right"
REFUSES = (
    rf"\bI ?(?:{_NOT})(?:e|ing)? (?:to )?(?:\w+,? ){{0,3}}?(?:{_DOES})"
    r"|\bI (?:must (?:\w+ )?(?:decline|refuse)|refuse to|decline to|am unable to|am not able to|don['’]t condone)"
    r"|\bI['’]m (?:unable|not able) to|\bdo not condone\b"
    r"|\b(?:sorry|apologi[sz]e|regret),? (?:but |that )?"
    r"(?:I (?:can|am unable|do not|don['’]t|must|won['’]t|will not)|it['’]?s not)"
    r"|\b(?:against|violates?) my (?:programming|guidelines|principles|ethical)"
    r"|\bas a responsible (?:and ethical )?AI\b"
    rf"|\bit(?: is|['’]s) (?:not|never) (?:{_WRONG})(?: or \w+)?(?: and \w+)? (?:to|for me)\b"
    r"|\bunable to (?:help|assist|provide|fulfil)"
)
BEGINNING = 400  # characters: refusals begin with it, and a story may have one later on

_ASSISTANT = "AI|artificial intelligence|(?:large )?language model|virtual assistant"
_BOILERPLATE = (
    rf"\bas an? (?:{_ASSISTANT})\b|\bI(?: am|['’]m) (?:just |only )?(?:an? )?(?:{_ASSISTANT})\b"
    r"|\bI hope (?:this|that|it) helps\b|\blet me know if (?:you|there)\b|\bfeel free to (?:ask|reach|let me)\b"
    r"|\bis there anything else\b|\bif you have any (?:other |more |further )?questions\b"
    r"|\b(?:happy|glad) to help\b|\bI do(?: not|n['’]t) have (?:personal|access to real[- ]time)"
    r"|\bmy (?:knowledge cutoff|training data|last (?:knowledge )?update)\b|\bas of my (?:last|knowledge|training)"
    r"|\b(?:trained|developed|created) by (?:OpenAI|Anthropic|Google|Meta|Mistral|DeepSeek|Alibaba)\b"
    r"|\bgreat question\b|^(?:sure|certainly|of course|absolutely)[!,.]"
)

_PLACEHOLDERS = (
    r"\{\{[^{}\n]{1,60}\}\}|\$\{[^{}\n]{1,60}\}|\{%[^%\n]{1,60}%\}"
    r"|\[(?i:insert|your|enter|add|fill in|name of|company|recipient)\b[^\[\]\n]{0,60}\]"
    r"|<(?i:insert|your|enter|fill in)\b[^<>\n]{0,60}>|\b(?:TODO|FIXME|TBD|XXX+)\b|(?i:\blorem ipsum\b)|_{5,}"
)

_LAST_LINE_OF = pattern(rf"([^\n]*[^{SPACE}])[{SPACE}]*$")
_LAST_LINE = f"trim(regexp_extract({{0}}, {_LAST_LINE_OF}, 1))"
_IN_SENTENCES = pattern(r"[.!?…。！？][\")\]”’»」』）]*\s")
_MARKED_UP = pattern(r"^(?:[-*•+>#|=]|[0-9]+[.)]|[A-Za-z][.)] |```)|[|`=>{}\\]$|https?://\S*$")
_BROKEN_OFF = pattern(r"(?:\pL|\p{Nd}|[,;(\[–—-])$")
_FENCES = pattern(r"(?m)^[ \t]*(?:`{3,}|~{3,})")


def _control_tokens(arguments: tuple[Written, ...]) -> Built:
    """Of any model, or those of one; in the hash are the tokens and not the model's name."""
    if len(arguments) < 2:
        return Built(f"len({found(_CONTROL)})")
    tokens = arguments[1]
    assert isinstance(tokens, tuple)
    longest_first = sorted(tokens, key=lambda token: (-len(token), token))
    # a model without control tokens: nothing matches
    return Built(
        "len(regexp_extract_all({0}, {#0}))", ("|".join(map(re.escape, longest_first)) or r"[^\x00-\x{10ffff}]",)
    )


ASSISTANT_TRACES: tuple[Function, ...] = (
    Function(
        "special_tokens",
        (text(), Parameter("model", ("text",), "model", optional=True)),
        "number",
        "number of control tokens that stand in the text, such as `<|im_start|>`, `[INST]` or `</s>`: those that chat "
        "templates and tokenizers in use have, or those of one model",
        "",
        ('special_tokens("Hello<|im_end|>")', 1),
        low=Decimal(0),
        build=_control_tokens,
    ),
    Function(
        "refuses",
        (text(),),
        "bool",
        f"whether the first {BEGINNING} characters hold an English phrase of refusal, such as `I cannot help with`; "
        "87% of the full refusals of XSTest do, and 3% of its full answers",
        f"regexp_matches(left({{0}}, {BEGINNING}), {pattern('(?i)' + REFUSES)})",
        ("refuses(\"I'm sorry, but I can't assist with that.\")", True),
    ),
    counting(
        "boilerplate",
        (text(),),
        "number of English stock phrases of assistants: `As an AI language model`, `I hope this helps`, `Certainly!` "
        "at the start and their like",
        f"len({found('(?i)' + _BOILERPLATE)})",
        ('boilerplate("Sure! It is 4. I hope this helps.")', 2),
    ),
    counting(
        "placeholders",
        (text(),),
        "number of blanks that were not filled in: `{{name}}`, `${name}`, `[insert name]`, `[Your Name]`, `TODO`, "
        "`lorem ipsum`, `_____`",
        f"len({found(_PLACEHOLDERS)})",
        ('placeholders("Dear {{name}}, yours [Your Name]")', 2),
    ),
    Function(
        "looks_truncated",
        (text(),),
        "bool",
        "whether the text breaks off: a code fence is open, or it is written in sentences and its last line, which is "
        "no item, heading, table or link, ends in a letter, a digit, a comma, a dash or an open bracket",
        f"(len(regexp_extract_all({{0}}, {_FENCES})) % 2 = 1 OR (regexp_matches({{0}}, {_IN_SENTENCES}) "
        f"AND regexp_matches({_LAST_LINE}, {_BROKEN_OFF}) AND NOT regexp_matches({_LAST_LINE}, {_MARKED_UP})))",
        ('looks_truncated("It rains. Take an umbrella and")', True),
    ),
)
