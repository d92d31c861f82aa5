"""The instructions by their published ids: which arguments each takes, and what tells whether it was followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from runtime.ifeval import keywords, layout, lengths, wording
from runtime.ifeval.arguments import Kind, count, language, one_character, relation, word_list, words


@dataclass(frozen=True)
class Instruction:
    """``followed`` takes an answer, which is not blank, and the arguments by name; it raises on no answer."""

    followed: Callable[..., bool]
    arguments: Mapping[str, Kind] = field(default_factory=dict)


INSTRUCTIONS: Mapping[str, Instruction] = MappingProxyType(
    {
        "change_case:capital_word_frequency": Instruction(
            keywords.has_capital_words, {"capital_frequency": count, "capital_relation": relation}
        ),
        "change_case:english_capital": Instruction(wording.is_upper_english),
        "change_case:english_lowercase": Instruction(wording.is_lower_english),
        "combination:repeat_prompt": Instruction(wording.repeats, {"prompt_to_repeat": words}),
        "combination:two_responses": Instruction(layout.has_two_responses),
        "detectable_content:number_placeholders": Instruction(layout.has_placeholders, {"num_placeholders": count}),
        "detectable_content:postscript": Instruction(wording.has_postscript, {"postscript_marker": words}),
        "detectable_format:constrained_response": Instruction(layout.is_constrained),
        "detectable_format:json_format": Instruction(layout.is_json),
        "detectable_format:multiple_sections": Instruction(
            layout.has_sections, {"section_spliter": words, "num_sections": count}
        ),
        "detectable_format:number_bullet_lists": Instruction(layout.has_bullets, {"num_bullets": count}),
        "detectable_format:number_highlighted_sections": Instruction(layout.has_highlights, {"num_highlights": count}),
        "detectable_format:title": Instruction(layout.has_title),
        "keywords:existence": Instruction(keywords.has_all, {"keywords": word_list}),
        "keywords:forbidden_words": Instruction(keywords.has_none, {"forbidden_words": word_list}),
        "keywords:frequency": Instruction(
            keywords.has_often, {"keyword": words, "frequency": count, "relation": relation}
        ),
        "keywords:letter_frequency": Instruction(
            keywords.has_letter, {"letter": one_character, "let_frequency": count, "let_relation": relation}
        ),
        "language:response_language": Instruction(wording.is_in_language, {"language": language}),
        "length_constraints:nth_paragraph_first_word": Instruction(
            lengths.has_first_word, {"num_paragraphs": count, "nth_paragraph": count, "first_word": words}
        ),
        "length_constraints:number_paragraphs": Instruction(lengths.has_paragraphs, {"num_paragraphs": count}),
        "length_constraints:number_sentences": Instruction(
            lengths.has_sentences, {"num_sentences": count, "relation": relation}
        ),
        "length_constraints:number_words": Instruction(lengths.has_words, {"num_words": count, "relation": relation}),
        "punctuation:no_comma": Instruction(wording.has_no_comma),
        "startend:end_checker": Instruction(wording.ends_with, {"end_phrase": words}),
        "startend:quotation": Instruction(wording.is_quoted),
    }
)
