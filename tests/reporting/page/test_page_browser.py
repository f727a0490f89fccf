from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.records import Run, read_run
from bench.reporting.images.palette import class_colour
from tests.support.browser import requested_urls

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

MakeRun = Callable[..., Path]
HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>&lt;\u202e"


def texts(browser: Any, selector: str) -> list[str]:
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, selector)]


def tile_names(browser: Any) -> list[str]:
    return texts(browser, "#tiles [data-model] bdi")


def wipe(browser: Any) -> float:
    style = "getComputedStyle(document.querySelector('#tiles')).getPropertyValue('--wipe')"
    return float(browser.execute_script(f"return {style}").removesuffix("%"))


def choose(browser: Any, select: str, value: str) -> None:
    Select(browser.find_element(By.ID, select)).select_by_value(value)


def see_cases(browser: Any) -> None:
    browser.execute_script("document.getElementById('cases').scrollIntoView()")
    WebDriverWait(browser, 120).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".case"))


def by_model(model: str, protocol: str, index: int, key: str) -> float:
    return {"a": 20.0, "b": 30.0, "c": 25.0, "oracle": 99.0}[model] + index


def add_labels(run: Run) -> None:
    """True maps: sky above, road below, and in picture i a car of i columns; the first model sees cars everywhere."""
    every_key = run.keys()
    for index, sample in enumerate(run.info.gallery):
        labels = np.zeros((32, 48), np.uint8)
        labels[16:] = 1
        labels[12:20, 12 : 12 + 6 * index] = 2
        save(run.layout.labels(sample), labels)
        for key in every_key:
            if key.model == run.info.models[0].name:
                save(run.layout.predicted_labels(key, sample), np.full((32, 48), 2, np.uint8))


def save(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels).save(path)


def shown_samples(browser: Any) -> list[str]:
    radios = browser.find_elements(By.CSS_SELECTOR, "#samples label:not([hidden]) input")
    return [radio.get_attribute("aria-label") for radio in radios]


def test_the_page_asks_for_nothing(show: Callable[..., Any]) -> None:
    browser = show()
    see_cases(browser)
    asked = requested_urls(browser)

    assert "report.html" in "".join(asked)
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert len([url for url in asked if url.startswith("file")]) == 1


def test_the_wipe_moves_by_keyboard_and_by_mouse(show: Callable[..., Any]) -> None:
    browser = show()
    slider, tiles = (browser.find_element(By.ID, name) for name in ("wipe", "tiles"))
    places = [wipe(browser)]
    for element, keys in ((slider, Keys.ARROW_LEFT * 3), (tiles, Keys.ARROW_LEFT), (tiles, Keys.HOME), (tiles, " ")):
        element.send_keys(keys)
        places.append(wipe(browser))
    frame = browser.find_element(By.CSS_SELECTOR, ".wiped")
    webdriver.ActionChains(browser).move_to_element(frame).click_and_hold().release().perform()

    assert places == [100, 97, 95, 0, 100]
    assert wipe(browser) == pytest.approx(50, abs=1)
    assert slider.get_attribute("value") == "50"


def test_the_picture_changes_by_keyboard(show: Callable[..., Any]) -> None:
    browser = show(gallery=3, n=3)
    seen = []
    for keys in ("", Keys.ARROW_DOWN, Keys.ARROW_UP * 2):
        browser.find_element(By.ID, "tiles").send_keys(keys)
        seen.append(texts(browser, "#now bdi")[0])
    radio = browser.find_element(By.CSS_SELECTOR, "#samples input:checked")
    radio.send_keys(Keys.ARROW_LEFT)

    assert [*seen, texts(browser, "#now bdi")[0]] == ["town/0000", "town/0001", "town/0002", "town/0001"]


def test_filters_and_order(show: Callable[..., Any]) -> None:
    browser = show(models=["a", "b", "c"], protocols=["left@1", "right@1"], value=by_model, metrics=["psnr.hole"])
    seen = [tile_names(browser)]
    for order in ("best", "worst"):
        choose(browser, "order", order)
        seen.append(tile_names(browser))
    browser.find_element(By.CSS_SELECTOR, ".chooser summary").send_keys(Keys.ENTER)
    browser.find_element(By.CSS_SELECTOR, "#models [value='0']").click()
    seen.append(tile_names(browser))
    browser.find_element(By.ID, "no-models").click()
    seen.append(tile_names(browser))
    browser.find_element(By.ID, "all-models").click()
    choose(browser, "protocol", "1")
    alt = browser.find_element(By.CSS_SELECTOR, "#tiles [data-model] img.left").get_attribute("alt")

    assert seen == [["a", "b", "c"], ["b", "c", "a"], ["a", "c", "b"], ["c", "b"], []]
    assert alt == "Fill by a of town/0000 under right@1"


def test_worst_and_best_cases_lead_to_their_picture(show: Callable[..., Any]) -> None:
    browser = show(models=["a"], value=by_model, metrics=["psnr.hole", "l1.hole"], gallery=6, n=8)
    see_cases(browser)
    by_psnr = texts(browser, ".row small")
    of_all = texts(browser, ".case h4")
    choose(browser, "measure", "1")
    by_error = texts(browser, ".row small")
    browser.find_element(By.CSS_SELECTOR, ".row button").send_keys(Keys.ENTER)

    assert by_psnr == [f"town/{index:04d}" for index in (0, 1, 5, 4)]
    assert by_error == [f"town/{index:04d}" for index in (5, 4, 0, 1)]
    assert of_all == ["Worst", "Best of those kept. Of all scored: town/0007, 27.00 dB"]
    assert texts(browser, "#now bdi")[0] == "town/0005"
    assert browser.switch_to.active_element.get_attribute("id") == "tiles"


def test_the_error_map_is_the_difference(show: Callable[..., Any], tmp_path: Path) -> None:
    browser = show(models=["telea"], gallery=1)
    choose(browser, "against", "error")
    read = (
        "const c = {}; return [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
    )
    drawn = "return document.querySelector('#tiles canvas').width === 48"
    WebDriverWait(browser, 120).until(lambda _: browser.execute_script(drawn))
    width, height, values = browser.execute_script(read.format("document.querySelector('#tiles canvas')"))
    steps, _, ramp = browser.execute_script(read.format("document.querySelector('#ramp')"))
    shown = np.array(values).reshape(height, width, 4)
    layout = read_run(tmp_path / "out").layout
    truth, fill = (
        np.asarray(Image.open(path)).astype(int)
        for path in (layout.truth("town/0000"), next((tmp_path / "out").glob("cells/**/town/0000.png")))
    )
    level = np.floor(abs(fill - truth).sum(axis=2) / 3 + 0.5).astype(int).clip(0, steps - 1)

    assert level.max() > 50
    assert np.array_equal(shown[..., :3], np.array(ramp).reshape(steps, 4)[level][..., :3])


def test_pictures_are_chosen_by_what_their_hole_covers(show: Callable[..., Any]) -> None:
    browser = show(add_labels, models=["a"], classes=["sky", "road", "car"], gallery=4, n=4)
    tiles = browser.find_element(By.ID, "tiles")
    choices = [choice.text for choice in Select(browser.find_element(By.ID, "class")).options]
    choose(browser, "class", "2")
    seen = [shown_samples(browser)]
    for share in ("25", "50"):  # of 384 missing pixels a car of picture i has 48 i
        choose(browser, "share", share)
        seen.append(shown_samples(browser))
    nothing = [browser.find_element(By.ID, "matching").text, tiles.is_displayed()]
    choose(browser, "share", "25")
    now = [browser.find_element(By.ID, "now").text]
    tiles.send_keys(Keys.ARROW_DOWN * 3)
    now.append(browser.find_element(By.ID, "now").text)

    assert choices == ["any", "sky", "road", "car"]
    assert seen == [["town/0001", "town/0002", "town/0003"], ["town/0002", "town/0003"], []]
    assert nothing == ["In none of 4 pictures, car is at least 50 % of the hole under center-50@1.", False]
    assert now == [
        "town/0002 (picture 1 of 2) under center-50@1; car is 25.0 % of the hole; values of the region: hole",
        "town/0003 (picture 2 of 2) under center-50@1; car is 37.5 % of the hole; values of the region: hole",
    ]


def test_a_case_opens_though_its_picture_was_filtered_out(show: Callable[..., Any]) -> None:
    browser = show(
        add_labels, models=["a"], classes=["sky", "road", "car"], gallery=4, n=4, value=lambda *a: float(a[2])
    )
    choose(browser, "class", "2")
    see_cases(browser)
    cases = texts(browser, ".row small")
    browser.find_element(By.CSS_SELECTOR, ".row button").send_keys(Keys.ENTER)

    assert cases == ["town/0000", "town/0001", "town/0003", "town/0002"]
    assert texts(browser, "#now bdi")[0] == "town/0000"
    assert browser.find_element(By.ID, "class").get_attribute("value") == ""
    assert len(shown_samples(browser)) == 4


def test_label_maps_are_wiped_between_and_explained(show: Callable[..., Any]) -> None:
    browser = show(add_labels, models=["a", "b"], classes=["sky", "road", "car"], gallery=2, n=2)
    legends = [texts(browser, "#legend button")]
    for base, against in (("fill", "labels"), ("labels", "predicted")):
        choose(browser, "base", base)
        choose(browser, "against", against)
        legends.append(texts(browser, "#legend button"))
    alts = [image.get_attribute("alt") for image in browser.find_elements(By.CSS_SELECTOR, "#tiles .left")]
    messages = texts(browser, "#tiles .message")
    sides = texts(browser, ".wiper > label")
    left = browser.find_element(By.CSS_SELECTOR, "[data-model='0'] .wiped")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", left)
    for across in (-50, 50):  # of 256 pixels; the true map is to the left, with sky above
        webdriver.ActionChains(browser).move_to_element_with_offset(left, across, -60).perform()
        WebDriverWait(browser, 120).until(lambda _: texts(browser, "#legend .under") not in ([], legends[-1]))
        legends.append(texts(browser, "#legend .under"))

    assert legends == [[], ["sky", "road"], ["sky", "road", "car"], ["sky"], ["car"]]
    assert alts == ["True label map of town/0000"] * 2
    assert (messages, sides) == (["no label map"], ["the true label map", "its own label map"])
    assert "True label map" in texts(browser, "#tiles figcaption")


def test_a_class_is_seen_alone_by_keyboard(show: Callable[..., Any]) -> None:
    browser = show(add_labels, models=["a"], classes=["sky", "road", "car"], gallery=2, n=2)
    choose(browser, "against", "labels")
    browser.find_element(By.CSS_SELECTOR, "#legend [value='1']").send_keys(Keys.ENTER)
    drawn = "return document.querySelector('#tiles canvas')?.width === 48"
    WebDriverWait(browser, 120).until(lambda _: browser.execute_script(drawn))
    column = "document.querySelector('#tiles canvas').getContext('2d').getImageData(9, 0, 1, 32).data"
    shown = np.array(browser.execute_script(f"return [...{column}]")).reshape(32, 4)[:, :3]
    pressed = browser.switch_to.active_element
    states = [pressed.get_attribute("aria-pressed")]
    pressed.send_keys(Keys.SPACE)
    states.append(browser.switch_to.active_element.get_attribute("aria-pressed"))

    assert (shown[16:] == class_colour(1)).all()
    assert (shown[:16] > 200).all()
    assert states == ["true", "false"]
    assert browser.find_elements(By.CSS_SELECTOR, "#tiles canvas") == []


def test_without_label_maps_their_controls_are_absent(show: Callable[..., Any]) -> None:
    browser = show(classes=["sky", "road", "car"])
    names = ("class", "share", "matching", "base", "legend")
    values = [choice.get_attribute("value") for choice in Select(browser.find_element(By.ID, "against")).options]

    assert [name for name in names if browser.find_elements(By.ID, name)] == []
    assert values == ["truth", "input", "error", "0", "1"]
    assert browser.find_element(By.ID, "comparison").text == "Compare the fill with"
    assert "label map" not in browser.find_element(By.ID, "gallery").text


def test_predicted_label_maps_need_no_true_ones(show: Callable[..., Any]) -> None:
    def add(run: Run) -> None:
        add_labels(run)
        for sample in run.info.gallery:
            run.layout.labels(sample).unlink()

    browser = show(add, models=["a"])
    choose(browser, "against", "predicted")

    assert texts(browser, "#legend button") == ["class 2"]
    assert browser.find_elements(By.ID, "class") == []
    assert texts(browser, "#tiles figcaption") == ["Input", "Truth", "a"]


def test_hostile_names_stay_text(show: Callable[..., Any]) -> None:
    fields = {"models": [HOSTILE, "plain"], "protocols": [f"{HOSTILE}@1"], "classes": [HOSTILE, "road"]}
    browser = show(add_labels, **fields, reason=HOSTILE, failed={"plain": [0]})
    choose(browser, "against", "labels")
    choose(browser, "class", "0")
    see_cases(browser)

    assert browser.execute_script("return window.broken") is None
    assert browser.find_elements(By.CSS_SELECTOR, "img[src=x]") == []
    shown = HOSTILE.replace("\u202e", "\N{REPLACEMENT CHARACTER}")
    assert texts(browser, "#tables tbody th bdi")[0] == shown
    assert HOSTILE in browser.find_element(By.CSS_SELECTOR, "#tiles .failed").get_property("textContent")


@pytest.mark.parametrize(
    "fields",
    [
        {"gallery": 0},
        {"missing": [("telea", "center-50@1"), ("mean", "center-50@1")]},
        {"skipped": [0], "n": 2},
        {"n": 1, "failed": {"telea": [0], "mean": [0]}},
        {"value": lambda *_: float("nan")},
        {"value": lambda *_: float("inf")},
    ],
    ids=["no gallery", "no cell", "skipped", "all failed", "undefined", "exact"],
)
@pytest.mark.parametrize("width", [390, 1280])
def test_odd_runs_open_without_complaint(show: Callable[..., Any], fields: dict[str, Any], width: int) -> None:
    browser = show(**fields)
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    assert browser.execute_script("return performance.getEntriesByName('ready').length") == 1
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script("const e = document.documentElement; return e.scrollWidth === e.clientWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_every_control_has_a_name_and_can_be_focused(show: Callable[..., Any]) -> None:
    browser = show(add_labels)
    choose(browser, "against", "labels")
    choose(browser, "class", "0")
    browser.execute_script("document.querySelector('.chooser').open = true")
    controls = browser.find_elements(By.CSS_SELECTOR, "button, select, input, summary, #tiles, .scroll")
    names = [control.accessible_name for control in controls if control.is_displayed()]

    assert len(names) > 20
    assert all(names)
    assert all(control.get_property("tabIndex") == 0 for control in controls)


def test_a_link_opens_its_picture_under_its_protocol(show: Callable[..., Any]) -> None:
    fields = {"models": ["a", "b"], "protocols": ["left@1", "right@1"], "gallery": 3, "n": 3}
    browser = show(**fields)
    page = browser.current_url
    choose(browser, "protocol", "1")
    browser.find_element(By.ID, "tiles").send_keys(Keys.ARROW_DOWN)
    link = browser.current_url
    browser.get("about:blank")
    browser.get(link)
    seen = browser.find_element(By.ID, "now").text
    in_view = browser.execute_script("return document.querySelector('#stage').getBoundingClientRect().top")
    browser.execute_script("location.hash = '#picture=town/0002&protocol=left'")
    WebDriverWait(browser, 120).until(lambda _: browser.find_element(By.ID, "now").text != seen)
    by_hand = browser.find_element(By.ID, "now").text
    browser.execute_script("location.hash = '#picture=elsewhere'")
    WebDriverWait(browser, 120).until(lambda _: browser.find_element(By.ID, "unknown").is_displayed())

    assert link == f"{page}#picture=town%2F0001&protocol=right%401"
    assert seen.startswith("town/0001 (picture 2 of 3) under right@1")
    assert 0 <= in_view < 200
    assert by_hand.startswith("town/0002 (picture 3 of 3) under left@1")
    assert browser.find_element(By.ID, "unknown").text == "This page does not hold the picture elsewhere."


def test_an_oracle_is_never_the_best_of_a_picture(show: Callable[..., Any]) -> None:
    fields = {"models": ["a", "b", "oracle"], "oracles": ["oracle"], "value": by_model, "metrics": ["psnr.hole"]}
    browser = show(**fields)
    first = texts(browser, "#tiles .values .first")
    choose(browser, "order", "best")

    assert first == ["PSNR 30.00 dB"]
    assert tile_names(browser) == ["b", "a", "oracle"]


def test_plots_are_dark_in_dark_mode(show: Callable[..., Any]) -> None:
    """The style of a plot on a dark page turns its white into the page's own dark."""
    browser = show()
    asked = "return getComputedStyle(document.querySelector('.plot img')).filter"
    picture = "<figure class='plot'><div class='paper'><img></div></figure>"
    browser.execute_script(f"document.getElementById('plots').innerHTML = \"{picture}\"")
    filters = []
    for scheme in ("light", "dark"):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        filters.append(browser.execute_script(asked))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    assert filters == ["none", "invert(1) hue-rotate(180deg)"]


def test_a_removal_is_held_against_the_picture_without_the_object(show: Callable[..., Any]) -> None:
    def add_truths(run: Run) -> None:
        for sample in run.info.gallery:
            save(run.layout.removal_truth("out@1", sample), np.full((32, 48, 3), 9, np.uint8))

    browser = show(add_truths, protocols=["out@1", "bare@1", "left@1"], gallery=1, n=1,
                   info={"tasks": {"out@1": "removal", "bare@1": "removal"}})  # fmt: skip
    colour = """
        const image = document.querySelectorAll('#tiles .tile')[2].querySelector('.frame').lastChild;
        const canvas = new OffscreenCanvas(1, 1), context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        return [...context.getImageData(0, 0, 1, 1).data];
    """
    titles = [texts(browser, "#tiles figcaption")[:3]]
    truth = browser.execute_script(colour)
    for protocol in ("1", "2"):
        choose(browser, "protocol", protocol)
        titles.append(texts(browser, "#tiles figcaption")[:3])
    choose(browser, "protocol", "1")
    choose(browser, "against", "error")

    first = titles[2][2]
    assert titles == [["Input", "Picture", "Truth"], ["Input", "Picture", first], ["Input", "Truth", first]]
    assert truth == [9, 9, 9, 255]
    assert set(texts(browser, "#tiles p.message")) == {"no truth"}
