"""A real Chromium without a window, for the pages that people look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

__all__ = ["available", "requested_urls", "set_screen", "start_browser"]

_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1280,900"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def available() -> bool:
    """Whether there is a Chromium with its driver on the PATH."""
    return bool(_CHROMIUM and _DRIVER)


def start_browser(profile: Path) -> Any:
    """A driver of Selenium that logs console and network; `quit` ends it.

    Args:
        profile: folder for the browser's files.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM or ""
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(_DRIVER))


def set_screen(browser: Any, width: int, height: int, *, dark: bool = False) -> None:
    """Give the page so many pixels, and the system's light or dark colours."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})


def requested_urls(browser: Any) -> list[str]:
    """What pages asked for since the network log was last read; what the browser asks for itself is left out."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    own = ("chrome:", "chrome-untrusted:")
    return [one["request"]["url"] for one in sent if not one["documentURL"].startswith(own)]
