"""The web server of the page: routes, who may ask, headers, errors as JSON."""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import torch
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.editor.refusals import Refusal, answer_to
from bench.editor.routes import Editor
from bench.editor.sessions import Superseded
from bench.errors import UsageError

__all__ = ["PAGE", "create_app", "is_local", "listen", "serve"]

PAGE = Path(__file__).parent / "page"
_COOKIE = "spgbench-editor"
_PORT = re.compile(r":\d*$")
_MOST_REQUESTS = 128
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

Handler = Callable[[Request], Awaitable[dict[str, Any]]]


def create_app(editor: Editor, token: str = "", *, local: bool = True) -> Starlette:
    """The application.

    Args:
        editor: that answers.
        token: that a browser must show once, as `/?token=...`; empty for none.
        local: whether requests must name this machine, so that no other site can lead a browser here by its own name.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        editor.queue.close()

    posts = {
        "/api/picture": editor.picture,
        "/api/hole": editor.hole,
        "/api/fill": editor.fill,
        "/api/alternatives": editor.alternatives,
        "/api/score": editor.score,
        "/api/replay": editor.replay,
        "/api/replay/open": editor.open_replay,
    }
    routes = [
        Route("/api/start", _answering(editor.start), methods=["GET"]),
        *(Route(path, _answering(handler), methods=["POST"]) for path, handler in posts.items()),
        Route("/api/{rest:path}", _no_such, methods=["GET", "POST"]),
        Mount("/", StaticFiles(directory=PAGE, html=True, check_dir=False)),
    ]
    guard = Middleware(_Guard, token=token, local=local)
    return Starlette(routes=routes, middleware=[guard], lifespan=lifespan, exception_handlers={HTTPException: _refused})


def is_local(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: name or address of this machine.
        port: 0 for any that is free.

    Raises:
        UsageError: the host is not of this machine, or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"address {host}:{port}", "be free on this machine", reason, "Try --port 0.") from error


def serve(app: Starlette, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C; networks work on one thread.

    SPG-Net is so small that a second thread gains little, and on a machine with other work, such as the browser, the
    threads wait for one another many times as long as they work.
    """
    torch.set_num_threads(1)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="none",
        limit_concurrency=_MOST_REQUESTS,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listening])


async def _no_such(_: Request) -> Response:
    raise HTTPException(404)


def _answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        status = 200
        try:
            content = await handler(request)
        except Superseded:
            content = {"superseded": True}
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:  # noqa: BLE001 (every error reaches the page in words)
            status, content = answer_to(error)
            if status == 500:
                traceback.print_exception(error)
        number = getattr(request.state, "number", None)
        return _json(content if number is None else content | {"request": number}, status)

    return answer


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (it is registered for these)
    found = f"{request.method} {request.url.path}"
    words = UsageError("request", "be one that the page makes", found, "Load the page again.")
    return _refusal(error.status_code, words)


def _refusal(status: int, words: UsageError) -> Response:
    return _json(answer_to(Refusal(status, words))[1], status)


class _Guard:
    """Lets those requests through that may ask, and puts headers on every answer."""

    def __init__(self, app: ASGIApp, token: str, local: bool) -> None:
        self._app, self._token, self._local = app, token, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        response = self._check(Request(scope))
        await (response or self._app)(scope, receive, send_with_headers)

    def _check(self, request: Request) -> Response | None:
        """An answer in place of the application's, or None."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        host = _PORT.sub("", request.headers.get("host", "")).strip("[]")
        asks = request.url.path.startswith("/api/")
        if (asks and site not in ("same-origin", "none")) or (self._local and not is_local(host)):
            words = UsageError("request", "come from the page itself", "one from another site", "Open the address.")
            return _refusal(403, words)
        if not self._token or self._same(request.cookies.get(_COOKIE, "")):
            return None
        if request.url.path == "/" and self._same(request.query_params.get("token", "")):
            response = RedirectResponse("/", 303)
            response.set_cookie(_COOKIE, self._token, httponly=True, samesite="lax")
            return response
        fix = "Open the whole address that the terminal shows."
        words = UsageError("request", "show the token of the server", "none, or another", fix)
        return _refusal(401, words)

    def _same(self, shown: str) -> bool:
        return hmac.compare_digest(shown.encode(), self._token.encode())
