"""Methods of ``generate`` beside ``self_instruct``: answers to prompts, instructions for texts and evolved ones."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.tagged import OneOf
from compiler.schema.values import Formula, ListOf, Name, Real, Whole, Word, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, Ref
from spec_lang.quantities import Unit

OPERATIONS = ("constrain", "deepen", "concretise", "reason", "broaden")
_WORDS = Whole(at_least(1))
_ROUNDS = Whole(Limits(minimum=Decimal(1), maximum=Decimal(10)))


class BestBody(Shape):
    measure: Value[Expr | None] = required(
        Formula("a metric such as `f1()`"), "a metric of an answer, of which one side is better"
    )


class RespondBody(Shape):
    """Answers to prompts, of which those stay that pass: rejection sampling, best-of-n, STaR."""

    samples: Value[int] = field(Whole(at_least(1)), "how many answers a prompt gets, each drawn anew", default=1)
    templates: Value[tuple[Ref, ...] | None] = field(
        ListOf(Name("the name of a template")), "how prompts are shown; the task's own templates"
    )
    take: Value[str | BestBody] = field(
        OneOf({"all": None, "first": None, "best": BestBody}),
        "of the answers to a prompt that passed: `all`, the `first`, or the `best { measure = f1() }`",
        default="all",
    )
    per_prompt: Value[int | None] = field(
        Whole(at_least(1), Unit.ROWS, plain=True), "how many answers to one prompt stay at most"
    )
    hint: Value[Ref | None] = field(
        Name("the name of a template"),
        "prompts of which no answer passed are shown once more with this template, which may show the expected answer",
    )
    hint_samples: Value[int] = field(Whole(at_least(1)), "how many answers such a prompt gets", default=1)


class BacktranslateBody(Shape):
    """Li et al. 2023 (arXiv:2308.06259): the instruction that a text answers."""

    column: Value[Ref | None] = field(
        Name("the name of a column"), "the column that the instruction goes to; the only one of the templates' `user`"
    )
    template: Value[Ref | None] = field(
        Name("the name of a template"), "how a model is asked; a wording of our own, in English"
    )
    max_words: Value[int] = field(_WORDS, "longer instructions are given up", default=150)


class RewriteBody(Shape):
    """Xu et al. 2023 (arXiv:2304.12244): instructions made harder, and others of their field, with new answers."""

    evolve: Value[tuple[str, ...]] = required(
        ListOf(Word(OPERATIONS)), "what may be done to an instruction; one is drawn a row and round", stand_in=()
    )
    rounds: Value[int] = field(_ROUNDS, "how often, each round on what came of the one before", default=1)
    column: Value[Ref | None] = field(
        Name("the name of a column"), "the column with the instruction; the only one of the templates' `user`"
    )
    too_like: Value[Decimal] = field(
        Real(Limits(above=Decimal(0), maximum=Decimal(1))),
        "from this ROUGE-L F1 with its parent on an instruction is none of its own",
        default=Decimal("0.9"),
    )
    max_words: Value[int] = field(_WORDS, "longer instructions are given up", default=300)
