"""The dashboard in a browser: only pages of this server reach it, and nothing is fetched from elsewhere."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.store import Store
from tests.command import sft
from tests.tui.sample_store import RUN
from tui.serving import allowed, command, policy

SERVED = Path(__file__).parents[2] / "tui" / "served"


@pytest.mark.parametrize(
    ("host", "origin", "let_in"),
    [
        ("127.0.0.1:8765", None, True),
        ("127.0.0.1:8765", "http://127.0.0.1:8765", True),
        ("localhost:9000", "http://localhost:9000", True),  # led here by ssh -L 9000:127.0.0.1:8765
        ("[::1]:8765", "http://[::1]:8765", True),
        ("127.0.0.1:8765", "http://evil.example", False),
        ("127.0.0.1:8765", "http://127.0.0.1:9999", False),
        ("127.0.0.1:8765", "null", False),
        ("evil.example:8765", "http://evil.example:8765", False),  # a name of theirs that points here
        ("127.0.0.1.evil.example", None, False),
        ("", None, False),
        ('127.0.0.1:8765"><img src=x>', None, False),  # it is written into the page
        ("127.0.0.1:8765/..", None, False),
        ("user@127.0.0.1", None, False),
        ("[", "http://[", False),
        ("127.0.0.1:", None, False),
    ],
)
def test_a_request_has_to_come_from_a_page_of_this_server(host: str, origin: str | None, let_in: bool) -> None:
    assert allowed(host, origin) is let_in


def test_the_page_fetches_from_this_server_alone() -> None:
    for path in SERVED.iterdir():
        assert not re.search(r"(https?:)?//[a-z]", path.read_text(encoding="utf-8")), path
    own = policy("localhost:9000")
    assert "default-src 'none'" in own and "http" not in own
    assert "connect-src 'self' ws://localhost:9000;" in own  # and no socket to another host


def test_without_the_extra_the_remedy_is_said(done: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    refused = sft("tui", str(done.root), "--serve", cwd=done.root)
    assert refused.returncode == 1 and "SFT0935" in refused.stderr and "sft-lang[serve]" in refused.stderr


def test_a_port_that_is_taken_is_a_finding(done: Store) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = sft("tui", str(done.root), "--serve", "--port", port, cwd=done.root)
    assert refused.returncode == 1 and "SFT0936" in refused.stderr and port in refused.stderr


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_what_is_no_port_is_a_finding(done: Store, port: str) -> None:
    refused = sft("tui", str(done.root), "--serve", f"--port={port}", cwd=done.root)
    assert refused.returncode == 1 and "SFT0936" in refused.stderr and f"{port} is no port" in refused.stderr


def test_a_tab_runs_this_program_wherever_it_is_served_from(
    done: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that one stands in is somebody's project: what is called `sft` or `json.py` there is not imported."""
    from runtime.own_process import surroundings

    (tmp_path / "sft").mkdir()
    for path in (tmp_path / "sft" / "__init__.py", tmp_path / "json.py"):
        path.write_text("raise SystemExit('the project was imported')")
    monkeypatch.chdir(tmp_path)
    words = command(["--help"])
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done_ = subprocess.run(words, shell=True, env=surroundings(bare), capture_output=True, text=True, check=False)
    assert done_.returncode == 0 and "--serve" in done_.stdout, done_.stderr


def test_the_dashboard_comes_through_the_socket_of_the_secret_path(done: Store) -> None:
    from aiohttp.test_utils import TestClient, TestServer

    from tui.serving import _server

    async def look() -> None:
        app = await _server(command([str(done.root), "--theme", "light"]), 8765, "secret")._make_app()
        async with TestClient(TestServer(app)) as client:
            host = {"Host": "localhost:9000"}
            assert (await client.get("/", headers=host)).status == 404
            assert (await client.get("/ws", headers=host)).status == 404
            foreign = {**host, "Origin": "http://evil.example"}
            assert (await client.get("/secret/", headers=foreign)).status == 403
            assert (await client.get("/secret/ws", headers={**foreign, "Upgrade": "websocket"})).status == 403
            page = await client.get("/secret/", headers=host)
            assert page.headers["Content-Security-Policy"] == policy("localhost:9000")
            assert 'data-session-websocket-url="ws://localhost:9000/secret/ws"' in await page.text()
            for name in ("static/js/textual.js", "static/css/xterm.css", "own/page.css", "own/keys.js"):
                assert (await client.get(f"/secret/{name}", headers=host)).status == 200, name
            await _until_drawn(client, host)

    asyncio.run(look())


async def _until_drawn(client: Any, host: dict[str, str]) -> None:
    origin = {**host, "Origin": "http://localhost:9000"}
    async with client.ws_connect("/secret/ws?width=100&height=30", headers=origin) as socket:
        drawn = b""
        async with asyncio.timeout(60):
            async for message in socket:
                drawn += message.data if isinstance(message.data, bytes) else message.data.encode()
                if RUN.encode() in drawn:
                    break
        assert RUN.encode() in drawn
