"""`spgbench editor`: the address that it prints, the token, the browser, and what is refused before it listens."""

from __future__ import annotations

import importlib.util
import socket
import threading
import webbrowser
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.errors import Failure, SpgbenchError, UsageError

pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from bench.editor import server


class AtOnce(threading.Thread):
    """A thread that has ended when it has started."""

    def start(self) -> None:
        super().start()
        self.join()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the command serves, and which addresses it opens; it ends at once, as by Ctrl-C."""
    found: list[Any] = []

    def serve(_: object, listening: socket.socket) -> None:
        found.append(listening.getsockname()[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(webbrowser, "open", found.append)
    monkeypatch.setattr("bench.cli.editor.Thread", AtOnce)
    return found


def test_it_listens_on_this_machine_alone_and_opens_the_browser(served: list[Any]) -> None:
    result = CliRunner().invoke(app, ["editor"])

    assert result.exit_code == 0, result.output
    address, (host, port) = served
    assert host == "127.0.0.1"
    assert result.stdout.strip() == address == f"http://127.0.0.1:{port}/"


def test_it_asks_others_for_a_token_that_differs_each_time(served: list[Any]) -> None:
    command = ["editor", "--host", "0.0.0.0", "--no-browser"]  # noqa: S104
    shown = [CliRunner().invoke(app, command).stdout.strip() for _ in range(2)]

    tokens = {address.partition("?token=")[2] for address in shown}
    assert len(tokens) == 2
    assert min(map(len, tokens)) >= 22
    assert len(served) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "from 0 to 65535"),
        (["--host", "192.0.2.1"], "be free on this machine"),
        (["--model", "spgnett"], "Did you mean spgnet"),
        (["--dataset", "folder"], "folder"),
        (["--dataset", "nothing"], "be a known name"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(served: list[Any], options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["editor", *options])

    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)
    assert served == []


def test_a_port_that_is_taken_is_said(served: list[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(app, ["editor", "--port", str(taken.getsockname()[1])])

    assert isinstance(result.exception, SpgbenchError)
    assert "--port 0" in str(result.exception)
    assert served == []


def test_the_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("bench.cli.editor.find_spec", lambda name: None if name == "starlette" else find(name))

    result = CliRunner().invoke(app, ["editor"])

    assert isinstance(result.exception, Failure)
    assert "pip install 'spgbench[editor]'" in str(result.exception)
