"""The language server: adapters between the protocol and ``compiler.editor``.

It needs the extra ``lsp`` (pygls). Nothing here knows the language; what an editor is told comes
from pure functions over a document, which work in characters. Positions are turned into the units
that the editor chose at this edge alone.
"""
