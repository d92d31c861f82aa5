"""Policies: that their files are told apart, the names by which other blocks mean them, and what their files say."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.names import Names
from compiler.paths import rebased
from compiler.resolved_judge import PolicyWords, ResolvedPolicy
from compiler.schema.policy import Policy
from compiler.world import Problem
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


def read_policy(ref: Ref | None, names: Names, policies: Mapping[str, Policy]) -> PolicyWords | None:
    """What the policy that a judge names says; None without one, after a report, or where it is not known."""
    policy = names.look_up(ref, ("policy",), "policy", policies)
    if policy is None or names.world is None:
        return None
    report = names.report.at(policy.file)
    found: list[str | None] = []
    for value in (policy.text, policy.rubric):
        answer = None if value.value is None else names.world.read_text(rebased(value.value, policy.file))
        if isinstance(answer, Problem):
            report.error("SFT0401", answer.message, value.span, "a judge needs its words: check the path")
            return None
        found.append(answer)
    text, rubric = found
    version = policy.version.value
    return PolicyWords(version, text, rubric) if version is not None and text is not None else None
