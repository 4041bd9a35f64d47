"""What the browser tests share: a real headless Chromium, and axe-core to look for what shuts people out."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

# Where CI keeps pictures for people; no test looks at one.
PICTURES = Path(__file__).parents[3] / "reports" / "pictures"
# Real milliseconds until what was waited for must be seen; far above what it takes.
PATIENCE = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skip where the package is missing, but not in CI."""
    program = shutil.which("chromium")
    if program is None:
        reason = "The Debian package chromium is missing: make system-packages installs it."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        # A sandbox of its own needs rights that a container may not give; the pages are ours.
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open an address; whatever the page complained of fails the test at its end."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
        context.set_default_timeout(PATIENCE)

        def opened(url: str) -> Page:
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(dialog.message))
            page.goto(url)
            return page

        yield opened
    assert complaints == []


@pytest.fixture
def complaints_of_axe() -> Callable[[Page], list[str]]:
    """What axe-core finds wrong with a page, in light and in dark."""

    def look(page: Page) -> list[str]:
        found = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            results = Axe().run(page)
            found += [f"{scheme}: {violation['id']}" for violation in results.response["violations"]]
        return found

    return look


@pytest.fixture
def take_picture() -> Callable[[Page, str], None]:
    """Keep a picture of a page for people."""

    def take(page: Page, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        # Playwright itself would write it from a thread that outlives the test.
        (PICTURES / f"{name}.png").write_bytes(page.screenshot(full_page=True))

    return take
