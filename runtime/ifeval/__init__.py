"""IFEval: instructions that a program can check (Zhou et al. 2023, arXiv:2311.07911), each with its verifier.

``table`` has the instructions by their published ids, ``verdicts`` asks them about an answer. What each of them counts,
and where it counts on purpose differently from the published program, is written in ``docs/ifeval.md``.
"""
