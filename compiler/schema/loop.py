"""``loop``: generate, train and evaluate in rounds, with guards that end it before it eats its own tail."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.eval import Eval
from compiler.schema.fields import Clauses, RuleEntry, Shape, Value, blocks, field, required, rules
from compiler.schema.generate import Generate
from compiler.schema.measures import LimitOn, Measure, measures
from compiler.schema.numbers import AnyNumber
from compiler.schema.train import Train
from compiler.schema.values import Name, Text, Whole, Word
from compiler.schema.written import Limits
from spec_lang.ast import Ref
from spec_lang.quantities import Unit

_UNIT_INTERVAL = Limits(minimum=Decimal(0), maximum=Decimal(1))

# What the guard of the other side would do: it ends a loop that does well.
_ENDS = "it would end a loop"
GUARDS = measures(
    Measure(
        *("real_share", Unit.SHARE, "the share of training rows that no model wrote"),
        side=">",
        other=f"{_ENDS} that trains on more rows of people",
    ),
    Measure(
        *("acceptance", Unit.SHARE, "the share of generated rows that were accepted"),
        side=">",
        other=f"{_ENDS} whose model writes more that is accepted",
    ),
    Measure(
        *("novelty_p50", None, "the median of 1 - ROUGE-L against all earlier rows, 0 to 1"),
        limits=_UNIT_INTERVAL,
        side=">",
        other=f"{_ENDS} that writes more that is new",
    ),
    Measure(
        *("distinct_2", Unit.SHARE, "different word pairs, as a share of all; not measured where most rows have none"),
        side=">",
        other=f"{_ENDS} that writes with more variety",
    ),
    Measure(
        *("distinct_2_drop", Unit.SHARE, "how far `distinct_2` fell since the first round, as a share of it"),
        side="<",
        other=f"{_ENDS} whose variety stays",
    ),
    Measure(
        *("duplicates", Unit.SHARE, "the share of generated rows that repeat an earlier one"),
        side="<",
        other=f"{_ENDS} that repeats less",
    ),
    Measure(
        "length_drift",
        None,
        "how far the median of words lies from that of the real rows, or of the first round; 0.5: half as many",
        limits=Limits(minimum=Decimal(0)),
        side="<",
        other=f"{_ENDS} whose rows keep their length",
    ),
    Measure(
        "lineage_depth",
        None,
        "how many models stand between a training row and a source, at most",
        limits=Limits(minimum=Decimal(0)),
        side="<",
        other=f"{_ENDS} that is nearer to its sources",
    ),
)
GUARD = LimitOn(GUARDS, "real_share >= 30%")

VERBS = {
    "guard": Clauses("required", {"because": Text()}, example="guard real_share >= 30%"),
    "stop": Clauses(
        "none",
        {
            "when": Name("a metric of an eval of the loop"),
            "falls": AnyNumber(),
            "above": AnyNumber(),
            "below": AnyNumber(),
            "because": Text(),
        },
        required=("when",),
        example="stop when progress.exact falls 2pt",
    ),
}


_METRIC = Name("a metric of an eval of the loop")


class Loop(Shape):
    rounds: Value[int | None] = required(
        Whole(Limits(minimum=Decimal(1), maximum=Decimal(100))), "how often it goes round; the plan holds every round"
    )
    data: Value[str] = field(
        Word(("accumulate", "replace")),
        "`accumulate`: a round trains on what all rounds so far wrote; `replace`: only on what it wrote itself",
        default="accumulate",
    )
    best: Value[Ref | None] = field(
        _METRIC, "what chooses the round whose model the loop stands for; without it the last completed round counts"
    )
    proxy: Value[Ref | None] = field(_METRIC, "what rows are chosen by, such as a judge's rate: watched against `gold`")
    gold: Value[Ref | None] = field(_METRIC, "what the loop is for, such as held-out labels")
    generates: tuple[Generate, ...] = blocks("generate", Generate, "rows that are written in every round")
    trains: tuple[Train, ...] = blocks("train", Train, "a fine-tune in every round")
    evals: tuple[Eval, ...] = blocks("eval", Eval, "what is measured after every round")
    rules: tuple[RuleEntry, ...] = rules(VERBS)
