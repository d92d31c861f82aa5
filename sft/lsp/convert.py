"""From the editor services' plain data to the protocol's types."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from compiler.editor.actions import code_page
from compiler.editor.navigation import Heading
from compiler.editor.suggestions import Completion
from sft.lsp.positions import Lines
from sft.lsp.texts import Open, Texts
from spec_lang.diagnostics import Diagnostic, Edit, Label, Severity
from spec_lang.plain_text import visible

_COMPLETIONS = {
    "kind": types.CompletionItemKind.Class,
    "field": types.CompletionItemKind.Field,
    "block": types.CompletionItemKind.Struct,
    "verb": types.CompletionItemKind.Keyword,
    "clause": types.CompletionItemKind.Keyword,
    "word": types.CompletionItemKind.EnumMember,
    "reference": types.CompletionItemKind.Reference,
    "part": types.CompletionItemKind.Property,
    "column": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
}
_SYMBOLS = {
    "model": types.SymbolKind.Object,
    "source": types.SymbolKind.File,
    "template": types.SymbolKind.String,
    "filter": types.SymbolKind.Operator,
    "task": types.SymbolKind.Package,
    "mixture": types.SymbolKind.Array,
    "train": types.SymbolKind.Method,
    "eval": types.SymbolKind.Function,
    "gate": types.SymbolKind.Event,
    "param": types.SymbolKind.Constant,
    "import": types.SymbolKind.Module,
    "metric": types.SymbolKind.Number,
    "slice": types.SymbolKind.Enum,
    "column": types.SymbolKind.Field,
}


def markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def finding(item: Diagnostic, label: Label, origin: Open, texts: Texts) -> types.Diagnostic:
    """One finding; its help is part of the message, since editors show nothing else under the cursor."""
    help = f"\nhelp: {visible(item.help)}" if item.help else ""
    page = code_page(item.code)
    related = [
        types.DiagnosticRelatedInformation(location(other, origin, texts), visible(other.text) or "see here")
        for other in item.secondary
    ]
    return types.Diagnostic(
        range=Lines(label.file.text, texts.encoding).range(label.span),
        severity=types.DiagnosticSeverity.Error
        if item.severity is Severity.ERROR
        else types.DiagnosticSeverity.Warning,
        code=item.code,
        code_description=types.CodeDescription(page.resolve().as_uri()) if page is not None else None,
        source="sft",
        message=visible(item.message) + help,
        related_information=related or None,
        data=item.name,
    )


def location(label: Label, origin: Open, texts: Texts) -> types.Location:
    lines = Lines(label.file.text, texts.encoding)
    return types.Location(texts.uri_named(label.file, origin), lines.range(label.span))


def edits(found: Iterable[Edit], lines: Lines) -> list[types.TextEdit]:
    return [types.TextEdit(lines.range(edit.span), edit.text) for edit in found]


def completion(item: Completion, rank: int, lines: Lines, *, snippets: bool) -> types.CompletionItem:
    snippet = snippets and bool(item.snippet)
    return types.CompletionItem(
        label=item.label,
        kind=_COMPLETIONS.get(item.sort, types.CompletionItemKind.Text),
        detail=item.detail or None,
        documentation=markdown(item.doc) if item.doc else None,
        sort_text=f"{rank:04}",
        insert_text_format=types.InsertTextFormat.Snippet if snippet else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(lines.range(item.replaces), item.snippet if snippet else item.insert),
    )


def heading(item: Heading, lines: Lines) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=item.name or item.sort,
        detail=item.detail,
        kind=_SYMBOLS.get(item.sort, types.SymbolKind.Property),
        range=lines.range(item.span),
        selection_range=lines.range(item.name_span),
        children=[heading(child, lines) for child in item.children],
    )
