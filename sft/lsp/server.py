"""``sft lsp``: one adapter a request, from the protocol to ``compiler.editor`` and back.

A request that fails through a bug of ours is logged to the editor and answered with nothing; the server lives
on. A refusal ("`keep` is a reserved word") is an answer and reaches the person who asked.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer

from compiler.editor import actions, completion, formatting, hover, navigation
from sft import __version__
from sft.lsp import convert
from sft.lsp.findings import Findings
from sft.lsp.positions import Lines
from sft.lsp.texts import Open, Texts
from spec_lang.diagnostics import Diagnostic

_REFUSED = -32803  # RequestFailed of the protocol
EXPLAIN = "sft.explain"

F = TypeVar("F", bound=Callable[..., Any])


class SpecServer(LanguageServer):
    """The open files and their findings beside the connection."""

    def __init__(self) -> None:
        super().__init__("sft", f"v{__version__}")
        self.texts = Texts()
        self.findings = Findings(self.texts, self.text_document_publish_diagnostics, self.log)

    def log(self, error: BaseException) -> None:
        """A bug of ours, with its traceback, to the editor's log."""
        text = "".join(traceback.format_exception(error))
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"internal error in sft lsp\n{text}"))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Broken messages and the like: to the log, without a window in the person's way. A refusal is an answer."""
        if source is FeatureRequestError:
            return
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"{type(error).__name__}: {error}"))


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """A refusal is an answer: its traceback on stderr would say that something broke."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, JsonRpcException) and error.code == _REFUSED)


logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)
server = SpecServer()


def answers(method: str, options: Any = None) -> Callable[[F], F]:
    """Register a handler of a request or notification."""

    def register(handler: F) -> F:
        @wraps(handler)
        def guarded(params: Any) -> Any:
            try:
                return handler(params)
            except JsonRpcException:
                raise
            except Exception as error:
                server.log(error)
                return None

        server.feature(method, options)(guarded)
        return handler

    return register


# --- files ------------------------------------------------------------------------------------------


@answers(types.INITIALIZED)
def initialized(_: types.InitializedParams) -> None:
    chosen = server.server_capabilities.position_encoding
    server.texts.encoding = str(getattr(chosen, "value", chosen) or "utf-16")


@answers(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams) -> None:
    opened = params.text_document
    server.texts.open(opened.uri, opened.version, opened.text)
    server.findings.changed(opened.uri, pause=0)


@answers(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    if server.texts.change(uri, params.text_document.version, list(params.content_changes)) is not None:
        server.findings.changed(uri)


@answers(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(_: types.DidSaveTextDocumentParams) -> None:
    server.findings.all_changed()


@answers(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
    server.findings.all_changed()


@answers(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(params: types.DidCloseTextDocumentParams) -> None:
    server.texts.close(params.text_document.uri)
    server.findings.closed(params.text_document.uri)


def at(params: Any) -> tuple[Open, int] | None:
    """The open file and the character that a request is about."""
    file = server.texts.files.get(params.text_document.uri)
    return (file, file.lines.offset(params.position)) if file is not None else None


# --- looking ----------------------------------------------------------------------------------------


@answers(types.TEXT_DOCUMENT_HOVER)
def on_hover(params: types.HoverParams) -> types.Hover | None:
    place = at(params)
    found = hover.hover(place[0].document, place[1]) if place is not None else None
    if place is None or found is None:
        return None
    return types.Hover(convert.markdown(found.text), place[0].lines.range(found.span))


@answers(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", "{", "(", "["]))
def on_completion(params: types.CompletionParams) -> types.CompletionList | None:
    place = at(params)
    if place is None:
        return None
    file, offset = place
    wants = server.client_capabilities.text_document
    item = wants.completion.completion_item if wants is not None and wants.completion is not None else None
    snippets = bool(item is not None and item.snippet_support)
    found = completion.complete(file.document, offset)
    items = [convert.completion(each, rank, file.lines, snippets=snippets) for rank, each in enumerate(found)]
    return types.CompletionList(is_incomplete=False, items=items)


@answers(types.TEXT_DOCUMENT_DEFINITION)
def on_definition(params: types.DefinitionParams) -> list[types.Location]:
    place = at(params)
    if place is None:
        return []
    file, offset = place
    return [
        types.Location(
            server.texts.uri_of(found.document, file),
            Lines(found.document.text, server.texts.encoding).range(found.span),
        )
        for found in navigation.definitions(file.document, offset)
    ]


@answers(types.TEXT_DOCUMENT_REFERENCES)
def on_references(params: types.ReferenceParams) -> list[types.Location]:
    place = at(params)
    if place is None:
        return []
    file, offset = place
    spans = navigation.references(file.document, offset, declaration=params.context.include_declaration)
    return [types.Location(file.uri, file.lines.range(span)) for span in spans]


@answers(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
def on_highlight(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    place = at(params)
    spans = navigation.references(place[0].document, place[1]) if place is not None else ()
    return [types.DocumentHighlight(place[0].lines.range(span)) for span in spans if place is not None]


@answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def on_symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    file = server.texts.files.get(params.text_document.uri)
    return [convert.heading(item, file.lines) for item in navigation.headings(file.document)] if file else []


@answers(types.TEXT_DOCUMENT_FOLDING_RANGE)
def on_folding(params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    file = server.texts.files.get(params.text_document.uri)
    ranges = [file.lines.range(span) for span in navigation.folds(file.document)] if file else []
    return [types.FoldingRange(found.start.line, found.end.line) for found in ranges]


# --- changing ---------------------------------------------------------------------------------------


def refused(reason: navigation.Refusal) -> JsonRpcException:
    return JsonRpcException(reason.reason, _REFUSED)


@answers(types.TEXT_DOCUMENT_PREPARE_RENAME)
def on_prepare_rename(params: types.PrepareRenameParams) -> types.Range | None:
    place = at(params)
    if place is None:
        return None
    found = navigation.renamable(place[0].document, place[1])
    if isinstance(found, navigation.Refusal):
        raise refused(found)
    return place[0].lines.range(found)


@answers(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
def on_rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
    place = at(params)
    if place is None:
        return None
    file, offset = place
    found = navigation.rename(file.document, offset, params.new_name)
    if isinstance(found, navigation.Refusal):
        raise refused(found)
    return types.WorkspaceEdit(changes={file.uri: convert.edits(found, file.lines)})


@answers(types.TEXT_DOCUMENT_FORMATTING)
def on_formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    file = server.texts.files.get(params.text_document.uri)
    return convert.edits(formatting.format_edits(file.document), file.lines) if file is not None else []


@answers(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
)
def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
    file = server.texts.files.get(params.text_document.uri)
    if file is None:
        return []
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
    found: list[types.CodeAction] = []
    if not only or any("quickfix".startswith(kind) or kind.startswith("quickfix") for kind in only):
        found += _quick_fixes(file, params.range)
    if any("source.fixAll".startswith(kind) or kind.startswith("source.fixAll") for kind in only):
        found += _fix_all(file)
    return found


def _quick_fixes(file: Open, range: types.Range) -> list[types.CodeAction]:
    """The fixes of the findings here, then a page for each of their codes."""
    span = file.lines.span(range)
    found = [
        types.CodeAction(
            title=fix.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[_shown(fix.finding, file)],
            is_preferred=True,
            edit=types.WorkspaceEdit(changes={file.uri: convert.edits(fix.edits, file.lines)}),
        )
        for fix in actions.fixes(file.document, span)
    ]
    for code, name in dict.fromkeys((item.code, item.name) for item in actions.findings_in(file.document, span)):
        title = f"explain {code} {name}"
        command = types.Command(title, EXPLAIN, arguments=[code])
        found.append(types.CodeAction(title=title, kind=types.CodeActionKind.QuickFix, command=command))
    return found


def _shown(item: Diagnostic, file: Open) -> types.Diagnostic:
    assert item.primary is not None
    return convert.finding(item, item.primary, file, server.texts)


def _fix_all(file: Open) -> list[types.CodeAction]:
    """Every fix of the file at once, as ``sft check --fix`` would."""
    mended = actions.mended(file.document)
    if mended is None:
        return []
    edits = convert.edits(formatting.differing_lines(file.document.text, mended), file.lines)
    edit = types.WorkspaceEdit(changes={file.uri: edits})
    return [types.CodeAction(title="apply all fixes", kind=types.CodeActionKind.SourceFixAll, edit=edit)]


@server.command(EXPLAIN)
def on_explain(code: str) -> str | None:
    """Show the page of a code; its text is the answer, for editors that show it in their own way."""
    page = actions.code_page(str(code))
    if page is None:
        return None
    window = server.client_capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        server.window_show_document(types.ShowDocumentParams(page.resolve().as_uri(), take_focus=True))
    return page.read_text(encoding="utf-8")
