"""``review`` -> one ``review`` step over the rows of its source, and of the source with gold items."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.judge_params import ReviewParams
from compiler.known import Known, sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.eval import lower_slice
from compiler.resolved_judge import ResolvedReview
from compiler.resolved_slice import ResolvedSlice
from compiler.step_params import Slice


def lower_review(review: ResolvedReview, tasks: Mapping[str, str], builder: PlanBuilder) -> str:
    """The id of the step; ``tasks`` gives the step that reads a source."""
    block, source = review.block, sure(review.source)
    final = block.final.value
    inputs = {"rows": tasks[source.name]}
    if review.gold is not None:
        inputs["gold"] = tasks[review.gold.name]
    policy = {"policy": block.policy.value.text} if block.policy.value is not None else {}
    return builder.add(
        ReviewParams(
            item=sure(block.item.value).text,
            reviewers=tuple(ref.text for ref in block.reviewers.value),
            final=final.text if final is not None else None,
            gold=review.gold is not None,
            slices=lower_slices(review.slices, builder),
        ),
        review.name,
        block,
        inputs=inputs,
        labels={"review": review.name, "source": source.name, **policy},
    )


def lower_slices(slices: Known[ResolvedSlice], builder: PlanBuilder) -> tuple[Slice, ...]:
    """Slices of rows, in the order of the spec."""
    return tuple(lower_slice(name, piece, builder) for name, piece in zip(slices.names, slices.whole, strict=True))
