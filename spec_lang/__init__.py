"""The `.sft` language: text to syntax tree and back, and findings as data. Knows nothing of data, SQL or models.

Start at `parsing.parse`; the grammar (`sft.lark`) is the reference. Importing this package imports nothing else.
"""
