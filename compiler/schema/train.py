"""``train``: one fine-tune, of the whole model or of a LoRA adapter."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.fields import Clauses, Entry, RuleEntry, Shape, Value, field, others, required, rules
from compiler.schema.filter import DECONTAMINATE
from compiler.schema.measures import LimitOn, Measure, measures
from compiler.schema.tagged import OneOf
from compiler.schema.values import ListOf, Name, Real, Text, Whole, Word, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, Ref, Tagged
from spec_lang.quantities import Unit

LATER = ("guard",)

_ZERO, _ONE = Decimal(0), Decimal(1)
_SHARE = Limits(minimum=_ZERO, maximum=_ONE)


class LoraBody(Shape):
    """Low-rank adapters (Hu et al. 2021, arXiv:2106.09685): ``W + alpha / rank * B A``."""

    rank: Value[int] = field(Whole(at_least(1)), "the rank of the update", default=16)
    alpha: Value[Decimal | None] = field(Real(Limits(above=_ZERO)), "the update is scaled by alpha / rank; 2 * rank")
    dropout: Value[Decimal] = field(
        Real(Limits(minimum=_ZERO, maximum=Decimal("0.9"))), "dropout before the adapter", default=_ZERO
    )
    targets: Value[tuple[str, ...]] = field(
        ListOf(Text(), empty=True), "names of modules; empty means every linear layer of the decoder blocks", default=()
    )


class DpoBody(Shape):
    """Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290) on rows with `chosen` and `rejected`."""

    beta: Value[Decimal] = field(
        Real(Limits(above=_ZERO)), "how strongly the model is held to its reference", default=Decimal("0.1")
    )
    reference: Value[Ref | None] = field(
        Name("the name of a model or train"), "the model that KL is measured from; the model that is trained"
    )


class MixBody(Shape):
    """``mix { real = seeds.train   new = attempts }``: rows of several origins, told apart by name."""

    parts: tuple[Entry[Ref], ...] = others(Name("a task's part, a mixture or a generate"), "parts of the mix")


class RowsOrMix(Struct, frozen=True, eq=False):
    """The name of rows, or ``mix { … }``."""

    expects: str = "a task's part, a mixture or `mix { … }`"

    def read(self, expr: Expr, field: str, report: Reporter) -> Ref | MixBody | None:
        if isinstance(expr, Tagged):
            read = OneOf({"mix": MixBody}).read(expr, field, report)
            return read if isinstance(read, MixBody) else None
        return Name(self.expects).read(expr, field, report)


_LOSS = Limits(minimum=_ZERO)
_STOPS = "it would stop at "
GUARDS = measures(
    Measure("loss", None, "the mean training loss since the last validation", limits=_LOSS),
    Measure(
        "validation_loss", None, "the loss on the validation rows", None, _LOSS, "<", _STOPS + "a loss that is low"
    ),
    Measure(
        "kl",
        None,
        "the divergence from the base model in nats a token",
        None,
        _LOSS,
        "<",
        _STOPS + "a model that stays near its base",
    ),
    Measure("grad_norm", None, "the norm of the gradients before they are scaled down", limits=_LOSS),
)
GUARD = LimitOn(GUARDS, "validation_loss <= 3.0")
VERBS = {
    "guard": Clauses("required", {"because": Text()}, example="guard validation_loss <= 3.0"),
    "decontaminate": DECONTAMINATE,
}


class Train(Shape):
    model: Value[Ref | None] = required(Name("the name of a model or an earlier train"), "what is trained")
    data: Value[Ref | MixBody | None] = required(RowsOrMix(), "the training rows, such as `triage.train`")
    validation: Value[Ref | None] = field(Name("a task's part"), "rows whose loss is watched and never trained on")
    objective: Value[DpoBody | str] = field(
        OneOf({"response": None, "full": None, "dpo": DpoBody}, later=("dpo",)),
        "`response`: loss on the assistant's tokens only; `full`: on every token; `dpo { … }`: on preferences",
        default="response",
    )
    adapter: Value[LoraBody | str | None] = field(
        OneOf({"lora": LoraBody, "none": None}), "`lora { … }`, or `none` for full weights; LoRA of rank 16"
    )
    epochs: Value[int] = field(Whole(at_least(1)), "passes over the rows", default=1)
    batch: Value[int] = field(Whole(at_least(1)), "rows an optimiser step", default=8)
    learning_rate: Value[Decimal | None] = field(
        Real(Limits(above=_ZERO, maximum=_ONE, unusual=(Decimal("0.1"), "fine-tunes use rates around 2e-5 to 1e-3"))),
        "the highest rate of the schedule; 2e-4 for LoRA, 2e-5 for full weights",
    )
    schedule: Value[str] = field(Word(("cosine", "linear", "constant")), "how the rate falls to 0", default="cosine")
    warmup: Value[Decimal] = field(
        Real(_SHARE, Unit.SHARE), "share of the steps in which the rate rises from 0", default=Decimal("0.03")
    )
    weight_decay: Value[Decimal] = field(
        Real(Limits(minimum=_ZERO)), "decoupled, not on norms and biases", default=_ZERO
    )
    max_grad_norm: Value[Decimal] = field(
        Real(Limits(above=_ZERO)), "gradients are scaled down to this norm", default=_ONE
    )
    max_length: Value[int] = field(Whole(at_least(8), Unit.TOKENS), "longest row, in tokens", default=1024)
    overflow: Value[str] = required(
        Word(("drop", "truncate", "error")),
        "what happens to rows over `max_length`: `drop`, `truncate` or `error`",
        stand_in="error",
    )
    precision: Value[str] = field(
        Word(("auto", "fp32", "bf16")), "`auto`: bf16 where the device is fast at it", default="auto"
    )
    tokens_per_batch: Value[int] = field(
        Whole(at_least(8), Unit.TOKENS), "tokens of one forward pass, padding included", default=1024
    )
    seed: Value[int] = field(Whole(at_least(0)), "order of rows, initial adapter weights, dropout", default=0)
    restart: Value[Ref | None] = field(
        Name("the name of a model"), "in a loop: the model that every round begins with, instead of the last one's"
    )
    rules: tuple[RuleEntry, ...] = rules(VERBS)
