"""Lints: specs that are sound and still likely to mislead whoever trusts the result.

A lint never looks at what is not known, so it adds nothing to a mistake that was reported. One lint a file,
all of them in ``registry``; ``levels`` says which speak and how loud.
"""
