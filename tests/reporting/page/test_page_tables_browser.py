from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bench.records import Run
from bench.records.profile import Configuration, ProfileLayout, ProfileRecord, write_environment, write_records

pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def texts(browser: Any, selector: str) -> list[str]:
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, selector)]


def by_model(model: str, protocol: str, index: int, key: str) -> float:
    return {"a": 20.0, "b": 30.0, "c": 25.0, "oracle": 99.0}[model] + index


def test_sorting_by_mouse_and_keyboard(show: Callable[..., Any]) -> None:
    missing = [("d", "center-50@1")]
    browser = show(
        models=["a", "b", "oracle", "c", "d"],
        oracles=["oracle"],
        missing=missing,
        value=by_model,
        metrics=["psnr.hole"],
    )
    model, value = browser.find_elements(By.CSS_SELECTOR, "thead button")
    seen = [texts(browser, "#tables tbody th bdi")]
    for press in (value.click, lambda: value.send_keys(Keys.ENTER), lambda: value.send_keys(Keys.SPACE), model.click):
        press()
        seen.append(texts(browser, "#tables tbody th bdi"))

    assert seen == [
        ["a", "b", "c", "d", "oracle"],
        ["b", "c", "a", "d", "oracle"],
        ["a", "c", "b", "d", "oracle"],
        ["a", "b", "c", "d", "oracle"],
        ["a", "b", "c", "d", "oracle"],
    ]
    assert [
        th.get_attribute("aria-sort") for th in browser.find_elements(By.CSS_SELECTOR, "#tables th[aria-sort]")
    ] == [
        "ascending",
        "none",
    ]


def test_metrics_and_regions_are_chosen_and_intervals_shown(show: Callable[..., Any]) -> None:
    browser = show()

    def headings() -> list[str]:
        return [text.replace("\n", " ") for text in texts(browser, "thead th.number button") if text]

    every = headings()
    browser.find_element(By.CSS_SELECTOR, "[name=metric][value=ssim]").click()
    browser.find_element(By.CSS_SELECTOR, "[name=region][value=full]").click()
    browser.find_element(By.ID, "intervals").send_keys(Keys.SPACE)

    assert len(every) == 5
    assert headings() == [
        f"{name} is better" for name in ("PSNR hole dB higher", "PSNR known dB higher", "L1 hole % lower")
    ]
    assert all(text.startswith("[") for text in texts(browser, "td:not([hidden]) .interval"))


@pytest.mark.parametrize(("suffix", "start"), [("csv", "model,fingerprint,"), ("tex", "% Needs"), ("md", "# streets")])
def test_copied_is_what_the_table_files_hold(show: Callable[..., Any], tmp_path: Path, suffix: str, start: str) -> None:
    browser = show(gallery=0)
    button = browser.find_element(By.CSS_SELECTOR, f"[data-copy-suffix={suffix}]")
    browser.execute_script(
        "window.kept = ''; Object.defineProperty(navigator, 'clipboard',"
        "{value: {writeText: async (text) => { window.kept = text; }}})"
    )
    button.click()
    copied = browser.execute_script("return window.kept")

    assert copied == (tmp_path / "out" / "tables" / f"center-50@1.{suffix}").read_text(encoding="utf-8")
    assert copied.startswith(start)


def add_profile(run: Run) -> None:
    """The first model takes 20 ms, the second 10 ms."""
    layout = ProfileLayout(run.layout.out)
    models = [asdict(model) for model in run.info.models]
    write_environment(layout, {"device": "cpu", "device_name": "A processor", "models": models})
    for number, model in enumerate(run.info.models):
        known = (*model.key, "cpu", "A processor", Configuration(32, 48), "ok")
        record = ProfileRecord(*known, wall_s=(0.02 / (1 + number),))  # type: ignore[arg-type]  # known is the head
        write_records(layout.records_file(*model.key), [record])


def test_classes_unfold_and_follow_the_choice_of_metrics(show: Callable[..., Any]) -> None:
    by_class = [f"judge-{kind}.hole.{name}" for kind in ("miou", "boundary-f") for name in ("sky", "car")]
    metrics = ["psnr.hole", "judge-miou.hole", "judge-boundary-f.hole"]
    browser = show(classes=["sky", "car"], by_class=by_class, metrics=metrics, n=12)

    def headings() -> list[str]:
        return [text.replace("\n", " ") for text in texts(browser, "#by-class thead th.number button") if text]

    first = headings()
    browser.find_elements(By.CSS_SELECTOR, "#by-class summary")[1].send_keys(Keys.ENTER)
    both = headings()
    browser.find_element(By.CSS_SELECTOR, "[name=metric][value=judge-miou]").send_keys(Keys.SPACE)

    assert texts(browser, "#by-class summary")[:2] == ["sky", "car"]
    assert first == [f"Judge {name} hole % higher is better" for name in ("mIoU", "boundary F")]
    assert both == 2 * first
    assert headings() == 2 * ["Judge boundary F hole % higher is better"]


def test_cost_is_sorted_and_stays_whatever_is_chosen(show: Callable[..., Any]) -> None:
    browser = show(add_profile)
    browser.find_element(By.CSS_SELECTOR, "[name=metric][value=psnr]").click()
    headings = browser.find_elements(By.CSS_SELECTOR, "#cost thead button")
    latency = next(heading for heading in headings if heading.text.startswith("Latency"))

    latency.send_keys(Keys.ENTER)

    assert [heading.text.partition("\n")[0] for heading in headings][1:3] == ["PSNR", "SSIM"]
    assert texts(browser, "#cost tbody th bdi") == ["mean", "telea"]
