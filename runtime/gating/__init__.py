"""Requirements against evidence: pass, fail or inconclusive, with the reason in words.

Deciding is pure: item-level answers in, a :class:`~runtime.gating.decision.Decision` out. What could
not be measured is never a pass.
"""
