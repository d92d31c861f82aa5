"""Judging: a label for a text by rules, a classifier or a model, and what to make of answers that hold no label.

``judge_of(spec, …)`` is the one door for whoever has texts in memory; the ``judge`` step goes the same ways over files.
"""
