from __future__ import annotations

import base64
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from typer.testing import CliRunner

from bench.cli import app
from bench.editor.server import PAGE
from tests.support.browser import available, requested_urls, set_screen, start_browser

pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.editor_page import EditorPage, pixels_of, running_editor

CONTROLS = {"application", "button", "checkbox", "combobox", "image", "radio", "slider", "spinbutton", "tab", "textbox"}
STROKE = ((0.3, 0.6), (0.7, 0.6))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EditorPage]:
    if not available():
        pytest.skip("no chromium with its chromedriver on the PATH")
    browser = start_browser(tmp_path_factory.mktemp("profile"))
    with running_editor() as server:
        set_screen(browser, 1280, 800)
        yield EditorPage(browser, server)
        browser.quit()


@pytest.fixture(scope="module")
def modules(shared: EditorPage) -> Any:
    """The browser with the page loaded, whose modules can be imported."""
    shared.open()
    return shared.browser


@pytest.fixture
def page(shared: EditorPage) -> Iterator[EditorPage]:
    """The page with a small picture; at the end it must not have complained."""
    shared.browser.get("about:blank")  # an older page may ask whether it may go
    for log in ("browser", "performance"):
        shared.browser.get_log(log)
    shared.open(128)
    yield shared
    assert shared.browser.get_log("browser") == []


def downloaded(page: EditorPage, folder: Path) -> dict[str, bytes]:
    """All files of the list, as a person gets them."""
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    page.click("#downloads-open")
    for button in page.browser.find_elements("css selector", "#files button"):
        name = button.get_attribute("data-file")
        button.click()
        page.wait(f"document.getElementById('status').textContent === '{name} is downloaded.'")
        deadline = threading.Event()
        while not (folder / name).exists():
            deadline.wait(0.02)
    page.click("#downloads-open")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_index_maps_survive_the_way_through_the_browser(modules: Any) -> None:
    values = ((np.arange(5 * 256) * 7 + np.arange(5 * 256) // 256) & 255).astype(np.uint8)
    script = """
    const [values, done] = arguments;
    import("./png.js").then(async ({ encodeGrey, decodeGrey }) => {
      const url = await encodeGrey(Uint8Array.from(values), 5, 256);
      const back = await decodeGrey(url);
      done([url, back.height, back.width, [...back.values]]);
    });
    """
    url, height, width, back = modules.execute_async_script(script, values.tolist())

    assert (height, width) == (5, 256)
    assert back == values.tolist()
    assert np.array_equal(pixels_of(url), values.reshape(5, 256))


def test_files_of_any_png_writer_are_read(modules: Any) -> None:
    """All five filters of PNG, and indices with a palette."""
    values = (np.add.outer(np.arange(40) ** 2, np.arange(60) * 3) % 251).astype(np.uint8)
    filters = [8, 16, 32, 64, 128]  # none, left, above, mean, Paeth
    files = [cv2.imencode(".png", values, [cv2.IMWRITE_PNG_FILTER, one])[1].tobytes() for one in filters]
    indexed, buffer = Image.fromarray(values).convert("P"), io.BytesIO()
    indexed.putpalette(list(range(255, -1, -1)) * 3)
    indexed.save(buffer, "PNG")
    script = """
    const [urls, done] = arguments;
    const read = async ({ decodeGrey }) => Promise.all(urls.map(async (url) => [...(await decodeGrey(url)).values]));
    import("./png.js").then(read).then(done);
    """
    urls = [f"data:image/png;base64,{base64.b64encode(data).decode()}" for data in [*files, buffer.getvalue()]]
    for read in modules.execute_async_script(script, urls):
        assert np.array_equal(np.reshape(read, values.shape), values)


def test_shapes_are_those_of_their_definitions(modules: Any) -> None:
    height, width = 24, 32
    values = np.random.default_rng(0).integers(0, 2, (height, width))
    script = """
    const [height, width, values, done] = arguments;
    import("./raster.js").then((raster) => {
      const masks = Array.from({ length: 4 }, () => new Uint8Array(height * width));
      raster.line(masks[0], height, width, [20, 3], [5, 30], 6);
      raster.rectangle(masks[1], height, width, [9, 20], [4, 11]);
      raster.polygon(masks[2], height, width, [[3, 4], [3, 20], [15, 20], [15, 4]]);
      raster.region(masks[3], height, width, [12, 12], values);
      done(masks.map((mask) => [...mask]));
    });
    """
    found = modules.execute_async_script(script, height, width, values.ravel().tolist())
    line, box, polygon, region = (np.reshape(mask, (height, width)).astype(bool) for mask in found)

    rows, columns = np.mgrid[:height, :width]
    along = np.clip(((rows - 20) * -15 + (columns - 3) * 27) / (15**2 + 27**2), 0, 1)
    assert np.array_equal(line, np.hypot(rows - 20 + 15 * along, columns - 3 - 27 * along) <= 3)
    assert np.array_equal(box, (rows >= 4) & (rows <= 9) & (columns >= 11) & (columns <= 20))
    assert np.array_equal(polygon, (rows >= 3) & (rows <= 15) & (columns >= 4) & (columns <= 20))
    labelled, _ = ndimage.label(values == values[12, 12])
    assert np.array_equal(region, labelled == labelled[12, 12])


def test_edits_move_to_the_classes_of_another_model_by_name(modules: Any) -> None:
    script = """
    const done = arguments[0];
    import("./state.js").then(({ state, translated }) => {
      const classes = (...names) => names.map((name) => ({ name }));
      const kept = state.classes;
      state.classes = classes("tree", "sky");
      const edits = Uint8Array.of(0, 1, 2, 255);
      const entry = translated({ edits, classes: classes("sky", "tree", "car"), result: 1 });
      state.classes = kept;
      done([[...entry.edits], entry.result]);
    });
    """
    assert modules.execute_async_script(script) == [[1, 0, 255, 255], None]


def test_a_class_changes_the_fill_inside_the_hole_alone(page: EditorPage, tmp_path: Path) -> None:
    page.drag(*STROKE)
    page.wait_for_fill()
    before = page.pixels("#seen")
    page.click("#labels-tab")
    page.click("#classes label:nth-child(1)")
    page.click("[data-tool=region]")
    page.drag((0.5, 0.6))
    page.wait("document.getElementById('stage-times').textContent.includes('reused')")
    after = page.pixels("#seen")
    (tmp_path / "files").mkdir()
    (tmp_path / "again").mkdir()
    files = downloaded(page, tmp_path / "files")

    hole = np.asarray(Image.open(tmp_path / "files" / "hole.png")) > 0
    changed = (before != after).any(-1)
    assert 0 < hole.mean() < 0.5
    assert changed[hole].mean() > 0.5
    assert not changed[~hole].any()
    truth = np.asarray(Image.open(tmp_path / "files" / "picture.png"))
    fill = np.asarray(Image.open(tmp_path / "files" / "fill-1.png"))
    assert np.array_equal(after[..., :3], fill)
    assert np.array_equal(fill[~hole], truth[~hole])

    replay = tmp_path / "files" / "spgbench-edit.json"
    result = CliRunner().invoke(app, ["edit", "--replay", str(replay), "-o", str(tmp_path / "again")])
    assert result.exit_code == 0, result.output
    again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert {"picture.png", "hole.png", "fill-1.png", "labels-1.png"} <= again.keys()
    assert again == {name: data for name, data in files.items() if name != "spgbench-edit.json"}

    page.open(128)
    page.find("#file").send_keys(str(replay))
    page.wait("document.getElementById('status').textContent.includes('all fills are as recorded')")
    assert np.array_equal(page.pixels("#seen"), after)
    assert page.find(".card input").get_attribute("value") == "Present fill"
    offered = page.browser.find_elements("css selector", "#files button")
    assert {one.get_attribute("data-file") for one in offered} == files.keys()


def test_alternatives_differ_and_variants_are_kept(page: EditorPage) -> None:
    page.click("#protocol-draw")
    page.wait_for_fill()
    page.click("#keep")
    page.select("k", 3)
    page.click("#alternatives")
    page.wait("document.querySelectorAll('.alternative').length === 3")
    page.click(".alternative [aria-label^=Keep]")
    page.wait("document.querySelectorAll('.card input').length === 2")
    pictures = [image.get_attribute("src") for image in page.browser.find_elements("css selector", ".alternative img")]
    names = [name.get_attribute("value") for name in page.browser.find_elements("css selector", ".card input")]

    assert len(set(pictures)) == 3
    assert names == ["Variant 1", "Alternative 1"]
    page.click("#side-by-side")
    titles = [title.text for title in page.browser.find_elements("css selector", "#all figcaption")]
    assert titles[:4] == ["Truth", "Incomplete picture", "Fill", "Variant 1"]
    page.click("#all form button")
    page.click(".alternative [aria-label^=Edit]")
    page.wait("document.getElementById('status').textContent.endsWith('is on the canvas.')")
    assert np.array_equal(page.pixels("#seen")[..., :3], pixels_of(pictures[0]))
    page.wait_for_fill()


def test_the_wipe_shows_the_truth_and_undo_goes_back(page: EditorPage) -> None:
    page.drag(*STROKE)
    page.wait_for_fill()
    first = page.pixels("#seen")
    page.drag((0.5, 0.2), (0.5, 0.4))
    page.wait_for_fill()
    page.wait("document.getElementById('undo').disabled === false")
    page.select("against", "truth")
    page.wait("!document.getElementById('behind').hidden")
    behind = page.pixels("#behind")
    page.find("body").send_keys(Keys.CONTROL, "z")
    page.wait("!document.getElementById('redo').disabled")
    page.wait_for_fill()

    assert np.array_equal(page.pixels("#seen"), first)
    assert np.array_equal(behind, page.pixels("#base"))


def test_everything_can_be_done_with_keys(page: EditorPage) -> None:
    keys = ActionChains(page.browser)
    page.browser.execute_script("document.getElementById('hole-tab').focus()")
    keys.send_keys("b", "]", "]").perform()
    page.browser.execute_script("document.getElementById('canvas').focus()")
    hold = ActionChains(page.browser).key_down(Keys.SPACE)
    for _ in range(6):
        hold = hold.key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT).key_up(Keys.SHIFT)
    hold.key_up(Keys.SPACE).perform()
    page.wait_for_fill()
    before = page.pixels("#seen")
    steps = ["l", "1", "r", Keys.ENTER]
    ActionChains(page.browser).send_keys(*steps).perform()
    page.browser.execute_script("document.getElementById('canvas').focus()")
    box = ActionChains(page.browser).send_keys(Keys.ENTER)
    for key in (Keys.ARROW_LEFT, Keys.ARROW_UP):
        for _ in range(5):
            box = box.key_down(Keys.SHIFT).send_keys(key).key_up(Keys.SHIFT)
    box.send_keys(Keys.ENTER).perform()
    page.wait("document.getElementById('stage-times').textContent.includes('reused')")

    assert (page.pixels("#seen") != before).any()
    ActionChains(page.browser).send_keys("k").perform()
    page.wait("document.querySelectorAll('.card').length === 1")
    ActionChains(page.browser).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    page.wait("!document.getElementById('redo').disabled")
    assert np.array_equal(page.pixels("#seen"), before)
    ActionChains(page.browser).send_keys("?").perform()
    assert page.find("#help").is_displayed()
    ActionChains(page.browser).send_keys(Keys.ESCAPE).perform()
    assert not page.find("#help").is_displayed()


def test_a_file_that_is_no_picture_leaves_the_work(shared: EditorPage, tmp_path: Path) -> None:
    shared.open(128)
    shared.drag(*STROKE)
    shared.wait_for_fill()
    before = shared.pixels("#seen")
    (tmp_path / "notes.txt").write_text("no picture")
    shared.find("#file").send_keys(str(tmp_path / "notes.txt"))
    shared.wait("!document.getElementById('problem').hidden")

    assert shared.problem.startswith("Picture notes.txt must be ")
    assert shared.problem.endswith(".")
    assert np.array_equal(shared.pixels("#seen"), before)
    (tmp_path / "broken.json").write_text('{"format": "other"}')
    shared.find("#file").send_keys(str(tmp_path / "broken.json"))
    shared.wait("document.getElementById('problem-text').textContent.includes('format')")
    assert np.array_equal(shared.pixels("#seen"), before)


def test_a_hole_over_everything_is_refused_and_undone(shared: EditorPage) -> None:
    shared.open(128)
    shared.click("[data-tool=rectangle]")
    shared.drag((0.2, 0.2), (0.4, 0.4))
    shared.wait_for_fill()
    shared.drag((0.001, 0.001), (0.999, 0.999))
    shared.wait("!document.getElementById('problem').hidden")

    assert "leave a pixel of the picture" in shared.problem
    assert not shared.find("#problem-retry").is_displayed()
    shared.click("#undo")
    shared.wait_for_fill()
    assert shared.problem == ""


def test_a_model_without_labels_fills_and_hides_them(page: EditorPage) -> None:
    page.drag(*STROKE)
    page.wait_for_fill()
    page.click("#labels-tab")
    page.select("model", "telea")
    page.wait_for_fill()

    assert page.find("#unguided").is_displayed()
    assert not page.find("#classes").is_displayed()
    assert page.find("#alternatives").get_property("disabled")
    assert not page.pixels("#label-map").any()


def test_an_upload_becomes_the_picture(page: EditorPage, tmp_path: Path) -> None:
    pixels = np.full((160, 240, 3), 90, np.uint8)
    pixels[:80] = (200, 60, 20)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    page.find("#file").send_keys(str(tmp_path / "mine.png"))
    page.wait("document.getElementById('picture-name').textContent.includes('mine')")
    page.drag((0.4, 0.5), (0.6, 0.5), kind="touch")
    page.wait_for_fill()
    by_finger = page.text("#hole-share")
    page.drag((0.4, 0.2), (0.6, 0.2), kind="pen")
    page.wait_for_fill()

    assert by_finger != page.text("#hole-share")
    assert page.pixels("#seen").shape == (128, 192, 4)
    assert page.find("[data-tool=object]").get_property("disabled")


def test_a_lost_connection_keeps_the_work(shared: EditorPage) -> None:
    with running_editor(shared.server.models) as server:
        page = EditorPage(shared.browser, server)
        page.open(128)
        page.drag(*STROKE)
        page.wait_for_fill()
        page.click("#keep")
        before = page.pixels("#seen")
        unblock = threading.Event()
        server.editor.queue.submit(unblock.wait)
        page.drag((0.5, 0.2), (0.5, 0.4))
        page.wait("document.getElementById('result-frame').classList.contains('busy')")
        server.stop()
        unblock.set()
        page.wait("!document.getElementById('problem').hidden")

        assert "The server does not answer." in page.problem
        assert np.array_equal(page.pixels("#seen"), before)
        assert len(page.browser.find_elements("css selector", ".card")) == 1
        server.start()
        page.click("#problem-retry")
        page.wait_for_fill()
        assert page.problem == ""
        assert not np.array_equal(page.pixels("#seen"), before)


def test_the_page_fits_its_screen(page: EditorPage) -> None:
    page.browser.execute_script("document.getElementById('hint').hidden = false")
    page.drag(*STROKE)
    page.wait_for_fill()
    assert not page.find("#hint").is_displayed()
    script = """
    const all = [document.documentElement, document.querySelector("[role=tabpanel]:not([hidden])")];
    return [all[0].scrollWidth - all[0].clientWidth, ...all.map((e) => e.scrollHeight - e.clientHeight)];
    """
    for step in ("picture", "hole", "labels"):
        page.click(f"#{step}-tab")
        page.wait(f"!document.getElementById('{step}-panel').hidden")
        set_screen(page.browser, 1280, 800)
        assert page.browser.execute_script(script) == [0, 0, 0]
        set_screen(page.browser, 768, 1024)
        assert page.browser.execute_script(script)[0] == 0
    set_screen(page.browser, 1280, 800)


def test_controls_have_names_and_nothing_comes_from_elsewhere(page: EditorPage) -> None:
    page.drag(*STROKE)
    page.wait_for_fill()
    page.click("#keep")
    found, nameless = set(), []
    for step in ("picture", "hole", "labels"):
        page.click(f"#{step}-tab")
        page.wait(f"!document.getElementById('{step}-panel').hidden")
        for node in page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]:
            role = node.get("role", {}).get("value")
            if role in CONTROLS and not node["ignored"]:
                found.add(role)
                nameless += [node] if not node["name"]["value"] else []

    assert found == CONTROLS
    assert nameless == []
    asked = [url for url in requested_urls(page.browser) if not url.startswith(("data:", "blob:"))]
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith(page.server.url)] == []


def test_the_documented_keys_are_those_of_the_help() -> None:
    shown = re.findall(r"<kbd>(.*?)</kbd>", (PAGE / "index.html").read_text(encoding="utf-8"))
    table = (Path(__file__).parents[2] / "docs/reference/editor.md").read_text(encoding="utf-8")

    assert set(shown) == set(re.findall(r"<kbd>(.*?)</kbd>", table))
