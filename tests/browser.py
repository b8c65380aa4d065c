"""Pages that we write, opened in a real browser.

Chromium is not a Python package: it comes from the system, and a test that needs it is
skipped where there is none.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# CSS pixels of a phone held upright, and of a laptop's window.
PHONE, LAPTOP = (390, 844), (1280, 800)


@contextmanager
def opened(page: Path, size: tuple[int, int] = LAPTOP) -> Iterator[Any]:
    """A playwright Page that shows the file; every request to a network fails the test.

    Errors of its scripts fail it too.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(NAMES)}")
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []

    def look(request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            wrong.append(f"asked for {request.url}")

    with sync_playwright() as api:
        browser = api.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        view = browser.new_page(viewport={"width": size[0], "height": size[1]})
        view.on("request", look)
        view.on("pageerror", lambda error: wrong.append(str(error)))
        view.goto(page.absolute().as_uri())
        yield view
        browser.close()
    assert not wrong, f"{page.name}: {'; '.join(wrong)}"


def fits(view: Any) -> bool:
    """Whether the page is no wider than its window, so that nobody scrolls sideways."""
    return view.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
