"""The dashboard in a browser of this machine, through textual-serve: one process of ``sft tui`` a tab.

What that package serves by itself would take any page that the browser has open for its user: it asks nobody who
connects. Here a random path stands in front, which only who started it knows; the address it listens on is the
loopback; and a connection has to come from a page of this server, by host and origin (a page elsewhere could otherwise
speak to the port, or have a name of its own point here). The page itself is ours, because theirs takes a font from
Google: nothing is fetched from anywhere else, and its head forbids it, sockets to other hosts too.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runtime.own_process import WORDS, surroundings
from spec_lang.diagnostics import fatal

HOST = "127.0.0.1"
LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:;"
    " connect-src 'self' ws://HOST; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def serve_dashboard(arguments: Sequence[str], port: int) -> None:
    """Serve ``sft tui`` with these arguments until it is stopped. Raises DiagnosticError SFT0935 without the extra, and
    SFT0936 when the port is taken or is none."""
    try:
        import textual_serve.server  # noqa: F401
    except ImportError:
        help = "pip install 'sft-lang[serve]'"
        raise fatal("SFT0935", "a browser needs the package `textual-serve`, which is not installed", help) from None
    if not 0 < port < 65536:
        raise fatal("SFT0936", f"{port} is no port", "name one from 1 to 65535: `--port 8800`")
    os.environ |= surroundings()  # which the processes of the tabs inherit
    try:
        _server(command(arguments), port, secrets.token_urlsafe(18)).serve()
    except OSError as error:
        raise fatal(
            "SFT0936", f"port {port} of {HOST} cannot be used: {error.strerror}", "name another: `--port`"
        ) from None


def command(arguments: Sequence[str]) -> str:
    """What a tab runs, for a shell."""
    return shlex.join([*WORDS, "tui", *arguments])


def allowed(host: str, origin: str | None) -> bool:
    """Whether a request comes from a page of this server: its host is the loopback and nothing else, through whatever
    port it was led here, and its origin, where the browser tells one, is that same host."""
    return LOOPBACK.fullmatch(host) is not None and origin in (None, f"http://{host}", f"https://{host}")


def policy(host: str) -> str:
    """What a page may load and speak to: this server, by the name that the browser knows it by."""
    return _POLICY.replace("HOST", host)


def _server(command: str, port: int, secret: str) -> Any:
    from aiohttp import web
    from textual_serve.server import Server

    class Loopback(Server):
        """textual-serve with a guard at the door and a page of our own."""

        async def _make_app(self) -> web.Application:
            app = web.Application(middlewares=[guard])
            app.add_routes(
                [
                    web.get(f"/{secret}/", page),
                    web.get(f"/{secret}/ws", self.handle_websocket),
                    web.static(f"/{secret}/static", self.statics_path),
                    web.static(f"/{secret}/own", Path(__file__).parent / "served"),
                ]
            )
            app.on_startup.append(told)
            return app

        def initialize_logging(self) -> None:
            """Errors go to standard error as Python does it; every connection in colours is nobody's wish."""

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        if not allowed(request.host, request.headers.get("Origin")):
            raise web.HTTPForbidden(text="this server talks to pages of its own only")
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = policy(request.host)
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def page(request: web.Request) -> web.Response:
        text = (Path(__file__).parent / "served" / "page.html").read_text(encoding="utf-8")
        # A host that is let in is one of three names with digits behind it, and holds no markup.
        text = text.replace("SOCKET", f"ws://{request.host}/{secret}/ws")
        return web.Response(text=text, content_type="text/html")

    async def told(app: web.Application) -> None:
        print(f"the dashboard is at http://{HOST}:{port}/{secret}/", flush=True)
        print("only this machine reaches it, and only who has this address; Ctrl+C ends it", file=sys.stderr)

    return Loopback(command, host=HOST, port=port, title="sft")
