"""Make the screenshots of the editor that the documentation shows.

    python -m tests.support.editor_screenshots docs/images

writes editor.png (light, 1280x800), editor-dark.png and editor-tablet.png (768x1024), each of 256 colours.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from bench.editor.models import EditorModels
from bench.records import write_atomically
from tests.support.browser import set_screen, start_browser
from tests.support.editor_page import EditorPage, running_editor

__all__ = ["take"]

_COLOURS = 256
_SAMPLE = 4
_BOX = ((0.28, 0.35), (0.72, 0.76))
_CROWN = ((0.40, 0.46), (0.48, 0.42), (0.52, 0.50), (0.44, 0.52))
_TRUNK = ((0.46, 0.50), (0.46, 0.70))
_SCREENS = {"editor": (1280, 800, False), "editor-dark": (1280, 800, True), "editor-tablet": (768, 1024, False)}


def take(folder: Path) -> list[Path]:
    """Write the screenshots into a folder; returns them."""
    paths = []
    with tempfile.TemporaryDirectory() as profile, running_editor(EditorModels(["spgnet"])) as server:
        browser = start_browser(Path(profile))
        page = EditorPage(browser, server)
        try:
            browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            for name, (width, height, dark) in _SCREENS.items():
                set_screen(browser, width, height, dark=dark)
                _work(page)
                paths.append(_write(folder / f"{name}.png", browser.get_screenshot_as_png()))
        finally:
            browser.quit()
    return paths


def _work(page: EditorPage) -> None:
    """A hole, a tree painted into it, one variant kept, and the model's alternatives."""
    page.open()
    page.click("#picture-tab")
    page.click(f"#samples label:nth-child({_SAMPLE})")
    page.wait("document.getElementById('hole-tab').ariaSelected === 'true'")
    page.click("#hole-panel [data-tool=rectangle]")
    page.drag(*_BOX)
    page.wait_for_fill()
    page.click("#keep")
    page.click("#labels-tab")
    page.click("#classes label:nth-child(6)")  # tree
    page.find("body").send_keys("]")
    page.find("body").send_keys("]")
    for stroke in (_CROWN, _TRUNK):
        page.drag(*stroke)
        page.wait("document.getElementById('stage-times').textContent.includes('reused')")
        page.wait_for_fill()
    page.select("k", 3)
    page.click("#alternatives")
    page.wait("document.querySelectorAll('.alternative').length === 3")
    page.select("against", "variant-1")
    wipe = "const e = document.getElementById('wipe'); e.value = 62; e.dispatchEvent(new Event('input'))"
    page.browser.execute_script(wipe)
    page.wait("!document.getElementById('behind').hidden")
    page.browser.execute_script("scrollTo(0, 0); document.activeElement.blur()")
    page.click("h1")  # no button is under the pointer


def _write(path: Path, png: bytes) -> Path:
    few = (
        Image.open(io.BytesIO(png))
        .convert("RGB")
        .quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    )
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, buffer.getvalue())
    return path


if __name__ == "__main__":
    for path in take(Path(sys.argv[1])):
        sys.stdout.write(f"{path} {path.stat().st_size}\n")
