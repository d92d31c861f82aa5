"""``generate``: rows that a model writes, from seeds (Self-Instruct) or from prompts, and what they have to pass."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.calls import Argument, CallForm
from compiler.schema.eval import GreedyBody, PlainBody, SampleBody
from compiler.schema.fields import Shape, Value, field, nested, required
from compiler.schema.generate_methods import BacktranslateBody, RespondBody, RewriteBody
from compiler.schema.lint import Flag
from compiler.schema.measures import LimitOn, Measure, ReadLimit, measures
from compiler.schema.tagged import OneOf
from compiler.schema.values import Formula, ListOf, Name, Real, Text, Whole, Word, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, Ref
from spec_lang.quantities import Unit

NOVELTY = measures(
    Measure(
        "rouge_l",
        None,
        "the highest ROUGE-L F1 of a new row against all rows that were accepted before, 0 to 1",
        CallForm(
            "rouge_l",
            (Argument("column", Name("the name of a column")),),
            "overlap of word sequences",
            "rouge_l(instruction)",
        ),
        Limits(minimum=Decimal(0), maximum=Decimal(1)),
        side="<",
        other="it would accept nothing but near copies of earlier rows",
    )
)

# What no model can do that only writes: Wang et al. 2022, released code.
BLACKLIST = (
    *("image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps", "draw", "plot"),
    "go to",
)


class SelfInstructBody(Shape):
    """Wang et al. 2022 (arXiv:2212.10560): new tasks from examples of old ones."""

    target: Value[int | None] = required(
        Whole(at_least(1), Unit.ROWS, plain=True), "how many instructions are to be accepted"
    )
    human_examples: Value[int] = field(Whole(at_least(0)), "seeds shown in each prompt", default=6)
    machine_examples: Value[int] = field(
        Whole(at_least(0)), "generated instructions shown in each prompt; seeds until there are any", default=2
    )
    instances: Value[int] = field(Whole(at_least(1)), "how many inputs with outputs an instruction gets", default=1)
    new_tasks: Value[int] = field(Whole(at_least(1)), "how many tasks each prompt asks for", default=8)
    prompts: Value[int] = field(
        Whole(at_least(1)), "how many prompts of a round are put to the model at once", default=5
    )
    patience: Value[int] = field(
        Whole(at_least(1)), "ends after so many rounds one after another in which nothing was accepted", default=5
    )
    instruction: Value[Ref | None] = field(
        Name("the name of a column"), "the column of the seeds that says what to do; `instruction`"
    )
    input: Value[Ref | None] = field(
        Name("the name of a column"), "the column with what it is done to; `input`, where the seeds have one"
    )
    output: Value[Ref | None] = field(Name("the name of a column"), "the column with the result; `output`")
    shortest: Value[int] = field(Whole(at_least(1)), "words that an instruction has at least", default=4)
    longest: Value[int] = field(Whole(at_least(1)), "words that an instruction has at most", default=150)
    blacklist: Value[tuple[str, ...]] = field(
        ListOf(Text(), empty=True), "words that no instruction may hold: images, files and the like", default=BLACKLIST
    )
    truncated: Value[str] = field(
        Word(("discard", "last")),
        "of a list that was cut off, `discard` all or only the `last` item",
        default="discard",
    )
    classification: Value[bool] = field(
        Flag(), "`false`: no instruction is asked about whether it is a classification, whose labels come first",
        default=True,
    )  # fmt: skip
    instance_tokens: Value[int] = field(
        Whole(at_least(1), Unit.TOKENS, plain=True), "where the answer with the instances is cut off", default=350
    )


class Budget(Shape):
    requests: Value[int | None] = field(Whole(at_least(1)), "how many answers may be asked for")
    tokens: Value[int | None] = field(Whole(at_least(1), Unit.TOKENS), "how many tokens may be generated")
    time: Value[int | None] = field(Whole(at_least(1), Unit.DURATION), "how long it may take, such as `20min`")
    money: Value[Decimal | None] = field(
        Real(Limits(above=Decimal(0))), "what may be spent, by the `price` of the model and in the same money"
    )


class Generate(Shape):
    method: Value[SelfInstructBody | RespondBody | BacktranslateBody | RewriteBody | None] = required(
        OneOf(
            {
                "self_instruct": SelfInstructBody,
                "respond": RespondBody,
                "backtranslate": BacktranslateBody,
                "rewrite": RewriteBody,
            }
        ),
        "`self_instruct { … }` writes new instructions, `respond { … }` answers prompts, `backtranslate { … }` writes "
        "instructions for texts, `rewrite { … }` makes others of instructions",
    )
    seeds: Value[Ref | None] = field(Name("a task's part"), "the rows that `self_instruct` starts from")
    prompts: Value[Ref | None] = field(Name("a task's part"), "the rows that `respond` answers and `rewrite` changes")
    texts: Value[Ref | None] = field(Name("a task's part"), "the rows that `backtranslate` writes instructions for")
    model: Value[Ref | None] = required(
        Name("the name of a model or train"), "who writes; `previous` in a loop is the model of the round before"
    )
    decode: Value[GreedyBody | SampleBody | None] = field(
        OneOf({"greedy": GreedyBody, "sample": SampleBody}),
        "`greedy { … }` or `sample { … }`; greedy, 256 tokens; several answers to a prompt sampled, temperature 0.7; "
        "for `self_instruct` sampled, temperature 0.7, top_p 0.5, 1024 tokens",
    )
    prompt: Value[str | PlainBody | None] = field(
        OneOf({"chat": None, "plain": PlainBody}),
        "`chat`: the model's chat template; `plain { … }`: the texts alone, as base models read them; chat",
    )
    precision: Value[str] = field(
        Word(("auto", "fp32", "bf16")), "`auto`: bf16 where the device is fast at it", default="auto"
    )
    templates: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a template")), "of the new rows; those of the task they come from", default=()
    )
    novelty: Value[ReadLimit | None] = field(
        LimitOn(NOVELTY, "rouge_l(instruction) < 0.7"),
        "how like an accepted row a new one may be; `rouge_l(instruction) < 0.7` for `self_instruct`",
    )
    verify: Value[Expr | None] = field(
        Formula("a metric such as `exact_match()`"),
        "metrics of 0 or 1, joined by `and`; only answers with 1 of each are accepted",
    )
    filters: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a filter"), empty=True), "filters that new rows pass, in order", default=()
    )
    scores: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a score"), empty=True), "scores whose thresholds new rows pass", default=()
    )
    budget: Budget | None = nested(Budget, "where generation ends, whether the target is reached or not")
