"""What an editor asks about a spec, as pure functions over a document's text.

Positions are character offsets, answers are plain data: the language server (``sft.lsp``) only
converts them. Everything but the findings is read from the token stream (``words``), so it also works
in a block that does not parse, which is what a block is while somebody types in it.
"""
