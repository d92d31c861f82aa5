"""What there is to say of kinds, fields, verbs, clauses, functions and quantities, as Markdown.

All of it comes from the schemas, the table of functions and the table of words: hover and completion
say what messages and the reference say.
"""

from __future__ import annotations

import sys

from compiler.editor.measured import argument_docs
from compiler.editor.outline import others_of
from compiler.extends import EXTENDS, OVERRIDE
from compiler.functions import FUNCTIONS, METRIC_FUNCTIONS, Function
from compiler.schema.calls import CallForm
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import BlocksSpec, Clauses, FieldSpec, NestedSpec, RulesSpec, Shape, declared
from compiler.schema.measures import Measure
from spec_lang.codes import name_of, page, pages
from spec_lang.quantities import Quantity, Unit
from spec_lang.vocabulary import CLAUSES, FLAGS, HEADERS, NAMED, VERBS

_UNITS = {
    Unit.SHARE: "a share, the fraction {value}",
    Unit.POINTS: "percentage points, a difference of {value}",
    Unit.TOKENS: "{value} tokens",
    Unit.ROWS: "{value} rows",
    Unit.DURATION: "a duration of {value} seconds",
}
EXTENDING = {
    EXTENDS: "another block of this kind, whose entries this one takes over",
    OVERRIDE: "entries of the base that are set anew here",
}
_OPERATORS = {
    "and": "both conditions hold",
    "or": "at least one of the conditions holds",
    "not": "the condition does not hold",
    "in": 'inside a range (`in 3..80`, both ends included) or one of a list (`in ["a", "b"]`)',
    "matches": 'the regular expression is found anywhere in the text (`matches r"(?i)lorem"`)',
}


def code(text: str) -> str:
    return f"```sft\n{text}\n```"


def about_kind(kind: str) -> str:
    """A block kind: the first sentence of its schema, and its fields."""
    shape = BLOCKS[kind]
    fields = [f"`{name}`" for name, spec in declared(shape, FieldSpec).items() if spec.required]
    needs = f"\n\nNeeds {', '.join(fields)}." if fields else ""
    return f"{code(f'{kind} NAME {{ … }}')}\n{summary(shape, kind)}{needs}"


def summary(shape: type[Shape], kind: str) -> str:
    """What a shape is for: its own text, or that of its module (``\\`\\`train\\`\\`: one fine-tune …``)."""
    module = sys.modules[shape.__module__].__doc__ if shape is BLOCKS.get(kind) else None
    text = shape.__doc__ if shape.__doc__ and shape.__doc__ != Shape.__doc__ else module
    first = (text or "").strip().split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")


def about_field(name: str, spec: FieldSpec) -> str:
    return f"{code(f'{name} = …')}\n{spec.doc}\n\nTakes {spec.type.expects}; {default_of(spec)}."


def default_of(spec: FieldSpec) -> str:
    if spec.required:
        return "required"
    if spec.default is None or spec.default == ():
        return "may be left out"
    return f"`{spec.default}` when it is left out"


def about_entry(shape: type[Shape] | None, word: str) -> str | None:
    """A field, a nested block, or a name of the user's choice, of a shape."""
    if shape is None:
        return None
    field = declared(shape, FieldSpec).get(word)
    if field is not None:
        return about_field(word, field)
    nested = declared(shape, NestedSpec).get(word)
    if nested is not None:
        return f"{code(f'{word} {{ … }}')}\n{nested.doc}"
    blocks = next((spec for spec in declared(shape, BlocksSpec).values() if spec.kind == word), None)
    if blocks is not None:
        return f"{code(f'{blocks.head} {{ … }}')}\n{blocks.doc}"
    if word in EXTENDING:
        return f"`{word}`: {EXTENDING[word]}"
    if shape is BLOCKS["lint"] and about_lint(word) is not None:
        return about_lint(word)
    others = others_of(shape)
    return f"{others.what}: a name of your choice, which takes {others.type.expects}" if others is not None else None


def about_lint(name: str) -> str | None:
    """The page of a lint, which is named after it."""
    wanted = name.replace("_", "-")
    return next((about_code(code) for code in pages() if name_of(code) == wanted), None)


def about_code(code: str) -> str | None:
    """The title of a code's page and what stands before its first example."""
    text = page(code)
    if text is None:
        return None
    head, _, rest = text.partition("\n")
    return f"**{head.lstrip('# ')}**: {' '.join(rest.split('```')[0].split('##')[0].split())}"


def verb_of(shape: type[Shape] | None, verb: str) -> Clauses | None:
    rules = declared(shape, RulesSpec).values() if shape is not None else ()
    return next((spec.verbs[verb] for spec in rules if verb in spec.verbs), None)


def about_verb(shape: type[Shape] | None, verb: str) -> str:
    clauses = verb_of(shape, verb)
    parts = [code(clauses.example)] if clauses is not None and clauses.example else []
    parts.append(VERBS.get(verb, ""))
    if clauses is not None and clauses.words:
        parts.append(f"\nClauses: {', '.join(f'`{word}`' for word in clauses.words)}.")
    return "\n".join(parts)


def about_clause(shape: type[Shape] | None, verb: str, clause: str) -> str:
    clauses = verb_of(shape, verb)
    kind = clauses.words.get(clause) if clauses is not None else None
    takes = f"\n\nTakes {kind.expects}." if kind is not None else ""
    return f"`{clause}`: {(CLAUSES | FLAGS).get(clause, '')}{takes}"


def about_word(word: str) -> str | None:
    """A word of the language that means the same everywhere."""
    known = {**HEADERS, **NAMED, **_OPERATORS}
    return f"`{word}`: {known[word]}" if word in known else None


_SIDES = {True: "Higher is better.", False: "Lower is better.", None: "Neither higher nor lower is better by itself."}


def about_function(name: str, *, metric: bool) -> str | None:
    """A function with signature, meaning, result and example; ``metric``: of the metrics' table."""
    if metric:
        found = METRIC_FUNCTIONS.get(name)
        if found is None:
            return None
        options = [f"`{a.name}`: {' or '.join(f'`{c}`' for c in a.choices)}" for a in found.arguments if a.choices]
        unit = "a share of the items" if found.unit == "share" else "a plain number"
        whole = " of the whole set" if found.whole else ""
        gives = f"Gives {unit}{whole}. {_SIDES[found.higher_is_better]}"
        return "\n\n".join([f"{code(found.signature)}\n{found.doc}", *options, gives])
    function = FUNCTIONS.get(name)
    return _about_function(function) if function is not None else None


def _about_function(function: Function) -> str:
    result = f"Gives {function.result}." if function.result else "Gives the type of its first argument."
    return f"{code(function.signature)}\n{function.doc}\n\n{result} For example {function.shown_example}."


def about_form(form: CallForm) -> str:
    return f"{code(form.signature)}\n{form.doc}\n\n{argument_docs(form)}\n\nFor example `{form.example}`."


def about_measure(measure: Measure) -> str:
    unit = "a plain number" if measure.unit is None else f"in {measure.unit.value}"
    return f"`{measure.name}`: {measure.doc}; {unit}"


def about_quantity(text: str) -> str | None:
    try:
        quantity = Quantity.parse(text)
    except ValueError:
        return None
    return f"`{text}`: {_UNITS[quantity.unit].format(value=format(quantity.value.normalize(), 'f'))}"
