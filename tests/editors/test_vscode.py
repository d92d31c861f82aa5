"""The colours of VS Code against the lexer, and the extension's files against one another."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from spec_lang.lexing import tokens_of
from spec_lang.source import SourceFile
from tests.editors.textmate import scopes

ROOT = Path(__file__).parent.parent.parent
EXTENSION = ROOT / "editors" / "vscode"
GRAMMAR = json.loads((EXTENSION / "syntaxes" / "sft.tmLanguage.json").read_text(encoding="utf-8"))
# A store beside a spec is a folder called `.sft`.
SPECS = sorted(
    path for folder in ("examples", "sft", "tests") for path in (ROOT / folder).rglob("*.sft") if path.is_file()
)

# Token of the lexer -> how the scope of each of its characters begins.
COLOURS = {
    "STRING": r"string|constant\.character\.escape|variable\.parameter\.placeholder",
    "NUMBER": r"constant\.numeric",
    "QUANTITY": r"constant\.numeric\.quantity",
    "QUOTED": r"variable\.other\.quoted",
    "VERB": r"keyword\.control\.verb",
    "CLAUSE": r"keyword\.other\.clause",
    "FLAG": r"keyword\.other\.clause",
    "NAMED": r"keyword\.other\.named",
    **dict.fromkeys(("EDITION", "IMPORT", "AS", "PARAM"), r"keyword\.control\.header"),
    **dict.fromkeys(("AND", "OR", "NOT", "IN", "MATCHES"), r"keyword\.operator\.word"),
    **dict.fromkeys(("TRUE", "FALSE"), r"constant\.language"),
    **dict.fromkeys(("CMP", "PLUS", "MINUS", "STAR", "SLASH", "DOTDOT", "_EQUAL"), r"keyword\.operator"),
    "NAME": r"variable|entity\.name|storage\.type\.block|support\.function",
}

# What the specs that ship do not hold.
ODD = '''edition 2026
import "./common.sft" as common
param rounds = 2_000

filter odd {
  keep not (`order id` in ["a\\n", r"\\d+ # no comment"]) and words(x) in 3..80
  drop x matches r"""two
lines # still a string""" because """three
  "quoted" {column} \\""" lines
  """
  keep a == true or -b * 2.5e-3 >= 10% + 500 rows
}

train t { overflow = drop   block = common.top   split { exact = 80%   on = 20min } }
'''


def test_the_grammar_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "editors" / "make_vscode.py"))
    shipped = (EXTENSION / "syntaxes" / "sft.tmLanguage.json").read_text(encoding="utf-8")
    assert made["text"]() == shipped, "run: python editors/make_vscode.py"


@pytest.mark.parametrize("spec", [*SPECS, None], ids=lambda spec: spec.name if spec else "odd")
def test_every_token_has_the_colour_of_what_the_lexer_calls_it(spec: Path | None) -> None:
    text = spec.read_text(encoding="utf-8") if spec else ODD
    tokens, comments = tokens_of(SourceFile("spec.sft", text))
    coloured = scopes(GRAMMAR, text)
    wrong = []
    for token in tokens:
        span = token.span
        held = {scope for scope, char in zip(coloured[span.start : span.end], token.text, strict=True) if char != "\n"}
        wanted = COLOURS.get(token.type)
        if wanted and not all(re.match(wanted, scope) for scope in held):
            wrong.append((str(token), token.type, held))
    for comment in comments:
        held = set(coloured[comment.span.start : comment.span.end])
        if held != {"comment.line.number-sign.sft"}:
            wrong.append((comment.text, "COMMENT", held))
    assert tokens and not wrong


def test_the_extension_names_files_that_are_there() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    contributes = package["contributes"]
    (language,), (grammar,) = contributes["languages"], contributes["grammars"]
    assert language["extensions"] == [".sft"]
    assert grammar["scopeName"] == GRAMMAR["scopeName"]
    for path in (package["main"], language["configuration"], grammar["path"]):
        assert (EXTENSION / path).is_file()
    json.loads((EXTENSION / "language-configuration.json").read_text(encoding="utf-8"))


def test_the_client_uses_what_the_extension_declares() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    client = (EXTENSION / "extension.js").read_text(encoding="utf-8")
    required = set(re.findall(r'require\("([^"]+)"\)', client)) - {"vscode", "node:path"}
    assert {name.split("/")[0] for name in required} == set(package["dependencies"])
    for command in package["contributes"]["commands"]:
        assert f'"{command["command"]}"' in client
    assert 'get("command"' in client and "sft.command" in package["contributes"]["configuration"]["properties"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_client_is_sound_javascript() -> None:
    subprocess.run(["node", "--check", str(EXTENSION / "extension.js")], check=True)
