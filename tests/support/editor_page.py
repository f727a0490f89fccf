"""The editor in a browser: a server in a thread, and a page that is worked with as a person does."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import uvicorn
from PIL import Image

from bench.editor.models import EditorModels
from bench.editor.routes import Editor
from bench.editor.samples import SampleSource
from bench.editor.server import create_app, listen

__all__ = ["EditorPage", "EditorServer", "pixels_of", "running_editor"]

_PATIENCE = 120.0


class EditorServer:
    """The server on a port of this machine.

    Args:
        models: that the page may choose from.

    Attributes:
        models: that the page may choose from.
        editor: that answers; a new one after every start.
    """

    def __init__(self, models: EditorModels) -> None:
        self.models, self._port = models, 0
        self.start()

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self.editor = Editor(self.models, [SampleSource()])
        listening = listen("127.0.0.1", self._port)
        self._port = listening.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(self.editor), log_level="error", ws="none", lifespan="off")
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()

    def stop(self) -> None:
        """End at once, whatever is being computed."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self.editor.queue.close()


@contextmanager
def running_editor(models: EditorModels | None = None) -> Iterator[EditorServer]:
    """A server that offers samples of streets, and spgnet if no models are given."""
    server = EditorServer(models or EditorModels(["spgnet"]))
    try:
        yield server
    finally:
        server.stop()


def pixels_of(url: str) -> npt.NDArray[np.uint8]:
    """The pixels of the picture in a data URL, in its own mode."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


class EditorPage:
    """The page in a browser of Selenium.

    Args:
        browser: the driver.
        server: that it asks.
    """

    def __init__(self, browser: Any, server: EditorServer) -> None:
        self.browser, self.server = browser, server

    def open(self, side: int | None = None, *, hint: bool = False) -> None:
        """Load the page and wait for the first sample.

        Args:
            side: of the picture in pixels; None for the page's own.
            hint: whether the three steps are shown, as on a first visit.
        """
        self.browser.get(self.server.url)
        self.wait("document.body.classList.contains('ready')")
        self.browser.execute_script(f"document.getElementById('hint').hidden = {'false' if hint else 'true'}")
        if side is not None:
            self.select("side", side)
            self.wait(f"document.getElementById('picture-size').textContent.startsWith('{side} ')")

    def wait(self, condition: str) -> None:
        """Until an expression of JavaScript is true."""
        end = time.monotonic() + _PATIENCE
        while not self.browser.execute_script(f"return Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {condition}; the page says: {self.status} {self.problem}")
            time.sleep(0.02)

    def wait_for_fill(self) -> None:
        """Until the fill of what is on the canvas is there."""
        self._settle()
        self.wait("!document.getElementById('keep').disabled && document.getElementById('score').textContent")

    def click(self, selector: str) -> None:
        """Click the first element of a selector."""
        self.find(selector).click()

    def find(self, selector: str) -> Any:
        """The first element of a selector."""
        return self.browser.find_element("css selector", selector)

    def select(self, id: str, value: object) -> None:  # noqa: A002 (as in HTML)
        """Choose an option."""
        script = "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        script += " e.dispatchEvent(new Event('change'))"
        self.browser.execute_script(script, id, str(value))

    def drag(self, *points: tuple[float, float], kind: str = "mouse") -> None:
        """Draw on the canvas through points, (right, down) in shares of it, with a `mouse`, a `pen` or by `touch`."""
        from selenium.webdriver.common.actions.action_builder import ActionBuilder
        from selenium.webdriver.common.actions.pointer_input import PointerInput

        canvas = self.find("#overlay")
        size = canvas.size
        pointer: Any = PointerInput  # selenium types neither it nor its actions
        action: Any = ActionBuilder(self.browser, mouse=pointer(kind, kind), duration=10)
        for index, (right, down) in enumerate(points):
            place = (round((right - 0.5) * size["width"]), round((down - 0.5) * size["height"]))
            action.pointer_action.move_to(canvas, *place)
            if index == 0:
                action.pointer_action.pointer_down()
        action.pointer_action.pointer_up()
        action.perform()

    def pixels(self, canvas: str) -> npt.NDArray[np.uint8]:
        """What is drawn on a canvas, uint8 [H, W, 4]."""
        self._settle()
        url = self.browser.execute_script("return document.querySelector(arguments[0]).toDataURL()", canvas)
        return pixels_of(url)

    def _settle(self) -> None:
        """Let every part of the page hear of what changed."""
        self.browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0]))")

    def text(self, selector: str) -> str:
        """The text of the first element of a selector, as it is seen."""
        found: str = self.find(selector).text
        return found

    @property
    def status(self) -> str:
        """What the page says of its progress."""
        return self.text("#status")

    @property
    def problem(self) -> str:
        """The sentence on what went wrong; empty without."""
        return self.text("#problem-text")
