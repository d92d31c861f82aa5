"""Policies: that their files are told apart, and the names by which other blocks mean them."""

from __future__ import annotations

from compiler.names import Names
from compiler.resolved_lifecycle import ResolvedPolicy
from compiler.schema.policy import Policy
from spec_lang.ast import Ref


def resolve_policy(block: Policy, names: Names) -> ResolvedPolicy:
    """The policy. That its files hold to its version is for the lock to tell (:mod:`compiler.pinning`)."""
    text, rubric = block.text, block.rubric
    if text.value is not None and text.value == rubric.value:
        also = [(text.span, "the policy")]
        message = f"the rubric of policy `{block.name}` is the policy itself"
        names.report.error("SFT0225", message, rubric.span, "leave `rubric` out, or name the file of the rubric", also)
    return ResolvedPolicy(block)


def check_policy(ref: Ref | None, names: Names) -> None:
    """The policy that a block names."""
    if ref is not None:
        names.stands(ref, ("policy",), "policy")
