"""`sft lsp` over its pipes, as an editor drives it: the quickstart is opened, broken, looked at and mended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compiler.quickstart import QUICKSTART
from tests.lsp.editor import Editor, Refused

ROW = {"message": "Where is my parcel?", "label": "delivery", "id": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [json.dumps({**ROW, "message": f"{ROW['message']} {'again ' * n}"}) for n in range(400)]
    (tmp_path / "tickets.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "triage.sft").write_text(QUICKSTART, encoding="utf-8")
    return tmp_path


@pytest.fixture
def editor(folder: Path) -> Iterator[Editor]:
    made = Editor(folder)
    yield made
    if made.process.poll() is None:
        assert made.close() == 0
    assert made.logged == [], "something failed inside the server"


def place(text: str, piece: str, inside: int = 0) -> tuple[int, int]:
    """Line and column, from 0, of a piece of a text."""
    at = text.index(piece) + inside
    return text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1)


def start(found: dict[str, Any]) -> tuple[int, int]:
    return found["range"]["start"]["line"], found["range"]["start"]["character"]


def apply(text: str, edits: list[dict[str, Any]]) -> str:
    """Edits of the protocol, on a text without characters beyond the first plane."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(position: dict[str, int]) -> int:
        return starts[position["line"]] + position["character"]

    for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
        first, last = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:first] + edit["newText"] + text[last:]
    return text


def actions(editor: Editor, uri: str, finding: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    context = {"diagnostics": [finding], **more}
    asked = {"textDocument": {"uri": uri}, "range": finding["range"], "context": context}
    found: list[dict[str, Any]] = editor.request("textDocument/codeAction", asked)
    return found


def test_a_misspelt_column_gets_its_squiggle_its_hover_and_its_fix(editor: Editor, folder: Path) -> None:
    uri = editor.open(folder / "triage.sft")
    assert [f for f in editor.findings(uri, 1) if f["severity"] == 1] == []

    # `instruction` is typed anew, letter by letter, without its second `r`
    line, column = place(QUICKSTART, "keep words(instruction)", len("keep words("))
    editor.change(uri, 2, ((line, column), (line, column + len("instruction")), ""))
    for number, letter in enumerate("instuction"):
        at = (line, column + number)
        editor.change(uri, 3 + number, (at, at, letter))
    (found,) = [f for f in editor.findings(uri, 12) if f["severity"] == 1]
    assert (found["code"], found["data"]) == ("SFT0301", "unknown-column")
    assert found["range"] == {
        "start": {"line": line, "character": column},
        "end": {"line": line, "character": column + len("instuction")},
    }
    assert "did you mean `instruction`" in found["message"]

    shown = editor.at("hover", uri, line, column + 3)
    assert "instruction: text" in shown["contents"]["value"]
    assert "SFT0301" in shown["contents"]["value"]

    fix = next(action for action in actions(editor, uri, found) if action.get("edit"))
    assert fix["title"] == "change `instuction` to `instruction`"
    (edit,) = fix["edit"]["changes"][uri]
    ends = edit["range"]["start"], edit["range"]["end"]
    first, last = ((end["line"], end["character"]) for end in ends)
    editor.change(uri, 13, (first, last, edit["newText"]))
    assert [f for f in editor.findings(uri, 13) if f["severity"] == 1] == []


def test_a_code_can_be_explained(editor: Editor, folder: Path) -> None:
    broken = QUICKSTART.replace("epochs ", "epohcs ")
    uri = editor.open(folder / "triage.sft", broken)
    found = next(f for f in editor.findings(uri, 1) if f["severity"] == 1)
    assert found["codeDescription"]["href"].endswith("SFT0204-unknown-field.md")
    explain = next(action for action in actions(editor, uri, found) if action["title"].startswith("explain"))
    command = explain["command"]
    text = editor.request(
        "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
    )
    assert text.startswith("# SFT0204 unknown-field")
    assert [message["method"] for message in editor.asked] == ["window/showDocument"]


def test_all_fixes_of_a_file_at_once(editor: Editor, folder: Path) -> None:
    broken = QUICKSTART.replace("epochs ", "epohcs ").replace("words(instruction)", "words(instuction)")
    uri = editor.open(folder / "triage.sft", broken)
    found = editor.findings(uri, 1)
    assert {"SFT0204", "SFT0301"} <= {f["code"] for f in found}
    (action,) = actions(editor, uri, found[0], only=["source.fixAll"])
    assert apply(broken, action["edit"]["changes"][uri]) == QUICKSTART


def test_a_renamed_source_is_renamed_everywhere(editor: Editor, folder: Path) -> None:
    uri = editor.open(folder / "triage.sft")
    line, column = place(QUICKSTART, "from      = tickets", len("from      = "))
    assert start({"range": editor.at("prepareRename", uri, line, column)}) == (line, column)
    edit = editor.at("rename", uri, line, column, newName="mails")
    renamed = apply(QUICKSTART, edit["changes"][uri])
    assert "source mails {" in renamed and "= mails\n" in renamed
    assert renamed.count("tickets") == QUICKSTART.count("tickets") - 2
    for name, reason in (("keep", "reserved"), ("tuned", "is the name of train")):
        with pytest.raises(Refused, match=reason):
            editor.at("rename", uri, line, column, newName=name)


def test_formatting_writes_the_canonical_form_and_leaves_broken_files_alone(editor: Editor, folder: Path) -> None:
    from spec_lang.diagnostics import Diagnostics
    from spec_lang.format import format_file
    from spec_lang.source import SourceFile

    untidy = QUICKSTART.replace("  epochs        = 1\n", "      epochs=1   # once\n")
    options = {"tabSize": 8, "insertSpaces": False}  # there are no options
    uri = editor.open(folder / "triage.sft", untidy)
    asked = {"textDocument": {"uri": uri}, "options": options}
    edits = editor.request("textDocument/formatting", asked)
    wanted = format_file(SourceFile("triage.sft", untidy), Diagnostics())
    assert wanted != untidy
    assert apply(untidy, edits) == wanted
    line = place(untidy, "epochs")[0]
    editor.change(uri, 2, ((line, 0), (line, 3), "} } epochs = = "))
    assert editor.request("textDocument/formatting", asked) == []


def test_completion_in_half_a_line(editor: Editor, folder: Path) -> None:
    text = QUICKSTART.replace("  epochs        = 1\n", "  sched\n")
    uri = editor.open(folder / "triage.sft", text)
    line, column = place(text, "  sched", len("  sched"))
    items = editor.at("completion", uri, line, column)["items"]
    schedule = next(item for item in items if item["label"] == "schedule")
    assert schedule["textEdit"]["newText"] == "schedule = "
    assert start(schedule["textEdit"]) == (line, 2)
    assert "learning_rate" not in [item["label"] for item in items]


def test_definition_references_and_outline(editor: Editor, folder: Path) -> None:
    uri = editor.open(folder / "triage.sft")
    line, column = place(QUICKSTART, "filters   = [clean]", len("filters   = ["))
    (found,) = editor.at("definition", uri, line, column)
    assert found["uri"] == uri
    assert start(found) == place(QUICKSTART, "filter clean", len("filter "))
    spans = editor.at("references", uri, line, column, context={"includeDeclaration": True})
    assert len(spans) == 2
    symbols = editor.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [item["name"] for item in symbols][:4] == ["smol", "tickets", "plain", "chatty"]
    folds = editor.request("textDocument/foldingRange", {"textDocument": {"uri": uri}})
    assert folds[0]["startLine"] == place(QUICKSTART, "model smol")[0]


def test_columns_are_counted_in_the_units_that_the_editor_chose(folder: Path) -> None:
    broken = QUICKSTART.replace("  keep words(instruction)", '  drop instruction == "💡é"   keep words(instuction)')
    line, column = place(broken, "instuction")
    widths = {"utf-16": 1, "utf-8": 4, "utf-32": 0}  # beyond one column a character, for the two characters
    for encoding, more in widths.items():
        editor = Editor(folder, [encoding])
        assert editor.capabilities["positionEncoding"] == encoding
        uri = editor.open(folder / "triage.sft", broken)
        found = next(f for f in editor.findings(uri, 1) if f["code"] == "SFT0301")
        assert start(found) == (line, column + more)
        # an edit behind the emoji lands where the editor means it
        at = (line, column + more + 4)
        editor.change(uri, 2, (at, at, "r"))
        assert [f for f in editor.findings(uri, 2) if f["severity"] == 1] == []
        assert editor.close() == 0


def test_two_documents_do_not_mix(editor: Editor, folder: Path) -> None:
    sound = editor.open(folder / "triage.sft")
    broken = editor.open(folder / "other.sft", QUICKSTART.replace("model         = smol", "model         = small"))
    assert [f for f in editor.findings(sound, 1) if f["severity"] == 1] == []
    assert [f["code"] for f in editor.findings(broken, 1) if f["severity"] == 1] == ["SFT0203"]
    editor.notify("textDocument/didClose", {"textDocument": {"uri": broken}})
    while not any(found["uri"] == broken and found["diagnostics"] == [] for found in editor.published):
        editor.next()


def test_a_finding_in_an_imported_file_is_shown_there_and_unsaved_text_counts(editor: Editor, folder: Path) -> None:
    common = folder / "common.sft"
    common.write_text("edition 2026\n\nfilter tidy {\n  keep words(instruction) > 3\n}\n", encoding="utf-8")
    text = QUICKSTART.replace("edition 2026\n", 'edition 2026\nimport "./common.sft" as common\n')
    text = text.replace("filters   = [clean]", "filters   = [clean, common.tidy]")
    uri = editor.open(folder / "triage.sft", text)
    assert [f for f in editor.findings(uri, 1) if f["severity"] == 1] == []
    line, column = place(text, "common.tidy", len("common."))
    (found,) = editor.at("definition", uri, line, column)
    assert found["uri"] == common.as_uri()
    editor.open(common, common.read_text(encoding="utf-8").replace("instruction", "instuction"))
    while not any(
        found["uri"] == common.as_uri() and [f["code"] for f in found["diagnostics"]] == ["SFT0301"]
        for found in editor.published
    ):
        editor.next()


def test_a_changed_data_file_is_seen(editor: Editor, folder: Path) -> None:
    uri = editor.open(folder / "triage.sft")
    editor.findings(uri, 1)
    (folder / "tickets.jsonl").write_text('{"text": "no such columns"}\n', encoding="utf-8")
    watched = {"changes": [{"uri": (folder / "tickets.jsonl").as_uri(), "type": 2}]}
    editor.notify("workspace/didChangeWatchedFiles", watched)
    assert "SFT0301" in {f["code"] for f in editor.findings(uri, 1)}


def test_a_file_that_is_not_saved_yet_is_checked_too(editor: Editor) -> None:
    document = {"uri": "untitled:Untitled-1", "languageId": "sft", "version": 1, "text": "edition 2026\nmodle a {}\n"}
    editor.notify("textDocument/didOpen", {"textDocument": document})
    assert "SFT0201" in {f["code"] for f in editor.findings("untitled:Untitled-1", 1)}


def test_garbage_neither_ends_the_server_nor_reaches_its_output(editor: Editor, folder: Path) -> None:
    editor.send(b"{this is no json")
    editor.send(b'{"jsonrpc": "2.0", "method": "no/such", "params": {}}')
    uri = editor.open(folder / "triage.sft", "\ud83d }}}} \x00 '\u2028 = = (\n" * 50)
    editor.findings(uri, 1)
    editor.notify("textDocument/didChange", {"textDocument": 7})
    assert editor.at("hover", "file:///nowhere.sft", 0, 0) is None
    assert editor.at("hover", uri, 9_999, 9_999) is None
    assert any("JSON" in text for text in editor.logged)
    editor.logged.clear()


def test_lines_end_where_the_protocol_says(editor: Editor, folder: Path) -> None:
    """A form feed, U+2028 and U+0085 are no ends of lines, which Python's `splitlines` believes."""
    text = "# \x0c \u2028 \x85 # comment\r\n" + QUICKSTART.replace("\n", "\r\n").replace(
        "model         = smol", "model = small"
    )
    uri = editor.open(folder / "triage.sft", text)
    found = next(f for f in editor.findings(uri, 1) if f["code"] == "SFT0203")
    assert found["range"]["start"] == {"line": 1 + place(QUICKSTART, "model         = smol")[0], "character": 10}


def test_saying_goodbye_leaves_no_process(folder: Path) -> None:
    editor = Editor(folder)
    editor.open(folder / "triage.sft")
    number = editor.process.pid
    assert editor.close() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_a_server_whose_editor_died_ends_by_itself(folder: Path) -> None:
    editor = Editor(folder)
    assert editor.process.stdin is not None
    editor.process.stdin.close()
    editor.process.wait(timeout=60)


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "pygls.py").write_text("raise ImportError\n", encoding="utf-8")
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    done = subprocess.run(
        [sys.executable, "-m", "sft", "lsp"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "SFT0930" in done.stderr and "pip install 'sft-lang[lsp]'" in done.stderr


def test_a_policy_that_was_reworded_under_its_version_is_marked(editor: Editor, folder: Path) -> None:
    from sft.locking import lock, write

    text = 'edition 2026\npolicy conduct { text = "conduct.md"   version = "3" }\n'
    spec, words = folder / "policy.sft", folder / "conduct.md"
    spec.write_text(text, encoding="utf-8")
    words.write_text("Be kind.\n", encoding="utf-8")
    assert write(lock(spec)[0])
    uri = editor.open(spec)
    assert "SFT0752" not in [found["code"] for found in editor.findings(uri, 1)]
    words.write_text("Be brief.\n", encoding="utf-8")
    editor.change(uri, 2, ((0, 12), (0, 12), " "))
    (found,) = [found for found in editor.findings(uri, 2) if found["code"] == "SFT0752"]
    assert start(found) == place(text, '"3"')
