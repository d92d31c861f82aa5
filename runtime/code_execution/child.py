"""The program of the confined process, which is never imported: runs an answer's code, then its tests.

It talks with its parent by frames (four bytes of length, then bytes) over what were its standard streams:

    parent                          child
    request: code and limits   ->   confines itself
                               <-   "confined" and what holds
                                    runs the code
                               <-   "ready"
    tests                      ->   runs the tests
                               <-   "done"
    a fresh secret             ->
                               <-   the secret, and exits with 0

Tests come after the code has run, and the secret after the tests have, so that neither is in this process while the
code could look for it. What ends the process early (``os._exit(0)``), or prints what it likes, has not given the secret
back and has not passed. Code that speaks this very protocol could: inside of one process nothing is hidden.
"""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

_SHOWN = 300


def _main() -> None:
    read, write, leave, length = os.read, os.write, os._exit, int.from_bytes  # what the code cannot replace
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)

    def take(size: int) -> bytes:
        got = b""
        while len(got) < size:
            piece = read(incoming, min(size - len(got), 1 << 16))
            if not piece:
                leave(1)
            got += piece
        return got

    def receive() -> bytes:
        return take(length(take(4), "big"))

    def send(data: bytes) -> None:
        write(outgoing, len(data).to_bytes(4, "big") + data)

    request = json.loads(receive())
    try:
        held = _confined(request)
    except BaseException as error:
        send(f"broken {type(error).__name__}: {error}"[:_SHOWN].encode(errors="replace"))
        leave(1)
    send(f"confined {' '.join(held)}".encode())

    answer = types.ModuleType("answer")  # a module of its own, where dataclasses and pickles look classes up
    sys.modules["answer"] = answer
    build, run = compile, exec
    for name, text in (("answer", request["code"]), ("tests", None)):
        if text is None:
            send(b"ready")
            text = receive().decode()
        try:
            run(build(text, f"<{name}>", "exec", dont_inherit=True), answer.__dict__)
        except BaseException as error:
            send(f"failed {_told(error, name)}"[:_SHOWN].encode(errors="replace"))
            leave(1)
    send(b"done")
    send(receive())
    leave(0)


def _confined(request: dict[str, Any]) -> list[str]:
    from runtime.code_execution.confinement import confine

    sys.path.remove(request["root"])
    sys.path.extend(request["packages"])
    sys.argv = ["answer"]
    readable = [sys.prefix, sys.base_prefix, *sys.path]
    return confine(request["folder"], readable, request["seconds"], request["memory"], request["parent"])


def _told(error: BaseException, name: str) -> str:
    """An exception in a line, with the line of the text where it came up. Its own text may be code of the answer's."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"<{name}>":
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename == f"<{name}>":
        line = error.lineno
    try:
        text = str(error)
    except BaseException:
        text = ""
    place = f"line {line} of the {name}: " if line is not None else f"the {name}: "
    return f"{place}{type(error).__name__}" + (f": {text}" if text else "")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    _main()
