"""A small server that speaks OpenAI's chat completions, in a thread: answers of a script or of the tiny model.

It fails where it is told to, and keeps every request that came and every answer that went out whole.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Body = dict[str, Any]
NAME = "tiny"


@dataclass(frozen=True)
class Fault:
    """What happens in the place of an answer: a status with headers and a body, bytes that break off after ``cut``, or
    a wait of ``seconds`` first. ``change`` mends the whole response."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int | None = None
    seconds: float = 0.0
    change: Callable[[Body], Body] = lambda response: response


Faults = Callable[[int, Body], "Fault | None"]  # by the number of the request, from 0


def backwards(body: Body) -> Body:
    """An answer that tells the request: its last turn backwards; tokens are words."""
    text = str(body["messages"][-1]["content"])
    return {"text": text[::-1], "prompt_tokens": len(text.split()), "completion_tokens": len(text.split()) + 1}


@dataclass
class Served:
    """``came`` and ``answered`` are the bodies of requests, ``headers`` those of all that came."""

    url: str
    came: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answered: list[Body] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def asked(self) -> list[str]:
        return [str(body["messages"][-1]["content"]) for body in self.came]


@contextmanager
def serving(
    answer: Callable[[Body], Body] = backwards, faults: Faults = lambda number, body: None, key: str | None = None
) -> Iterator[Served]:
    """A server on a free port of this machine, until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def log_message(self, *told: object) -> None: ...

        def do_POST(self) -> None:
            body: Body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with served.lock:
                number = len(served.came)
                served.came.append(body)
                served.headers.append({name.lower(): value for name, value in self.headers.items()})
                served._at_once += 1
                served.most_at_once = max(served.most_at_once, served._at_once)
            try:
                self._respond(number, body)
            finally:
                with served.lock:
                    served._at_once -= 1

        def _respond(self, number: int, body: Body) -> None:
            if key is not None and self.headers.get("authorization") != f"Bearer {key}":
                self._send(401, {}, json.dumps({"error": {"message": "no such key", "code": "invalid_api_key"}}))
                return
            if self.path != "/v1/chat/completions":
                self._send(404, {}, json.dumps({"error": {"message": f"no {self.path}"}}))
                return
            fault = faults(number, body) or Fault()
            served.ended.wait(fault.seconds)
            if fault.body is not None or fault.status != 200:
                self._send(fault.status, fault.headers, (fault.body or b"").decode("latin-1"))
                return
            whole = json.dumps(fault.change(response_of(answer(body), body)))
            if fault.cut is not None:
                self._break_off(whole, fault.cut)
                return
            with served.lock:
                served.answered.append(body)
            self._send(200, fault.headers, whole)

        def _send(self, status: int, headers: Mapping[str, str], text: str) -> None:
            content = text.encode("latin-1", "backslashreplace")
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _break_off(self, text: str, cut: int) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[:cut].encode())
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *told: object) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.ended.set()
        server.shutdown()
        server.server_close()


def response_of(said: Body, body: Body) -> Body:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": said.get("model", body["model"]),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": said["text"]},
                "finish_reason": said.get("finish_reason", "stop"),
            }
        ],
        "usage": {name: said[name] for name in ("prompt_tokens", "completion_tokens") if name in said},
    }


def tiny_answers(folder: Path) -> Callable[[Body], Body]:
    """The tiny model of ``folder``, one request at a time."""
    import torch

    from compiler.step_params import Greedy
    from runtime.models.loading import load_model, load_tokenizer
    from runtime.models.local_generator import LocalGenerator
    from runtime.models.protocols import Completion, Prompt

    generator = LocalGenerator(load_model(folder, torch.float32, torch.device("cpu")), load_tokenizer(folder))
    lock = threading.Lock()

    def answer(body: Body) -> Body:
        assert body["temperature"] == 0
        done: list[Completion] = []
        with lock:
            prompt = Prompt("one", tuple(body["messages"]))
            generator.generate([prompt], Greedy(max_new_tokens=body["max_tokens"]), done.extend)
        stop = "length" if done[0].stop_reason == "length" else "stop"
        told = {"prompt_tokens": done[0].prompt_tokens, "completion_tokens": done[0].output_tokens}
        return {"text": done[0].output, "finish_reason": stop, **told}

    return answer


def in_turn(faults: Sequence[Fault | None]) -> Faults:
    """One after the other, then none."""
    return lambda number, body: faults[number] if number < len(faults) else None
