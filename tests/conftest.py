"""A headless Chromium for the tests that look at pages, always with the network off."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from settled import settle

BOOK = Path(__file__).resolve().parents[1] / "_build/html/book"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = (
    "Chromium was not found, so no page was looked at. Install it (Debian, Ubuntu: "
    "`apt-get install chromium`) or run `playwright install chromium`."
)


@dataclass(eq=False)
class Visit:
    """An open page and what it has said and asked for so far.

    Attributes:
        page: Playwright's page.
        messages: Console messages as "type: text", and uncaught errors as "error: text".
        requests: Addresses of all requests but the page's own.
    """

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests that a page opened from disk with no network must not make."""
        return [url for url in self.requests if not url.startswith(("file:", "blob:", "data:"))]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; where it is missing, a failure in CI and a skip elsewhere."""
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, CHROMIUM)), playwright.chromium.executable_path)
        if not Path(path).exists():
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_CHROMIUM)
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a file with the network off: ``visit(path, width=390, color_scheme="dark")``.

    Further keywords go to Playwright's ``Browser.new_context``.
    """
    contexts = []

    def open_file(path: Path, width: int = 1280, height: int = 900, **options) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_offline(True)
        seen = Visit(context.new_page())
        seen.page.set_default_timeout(30_000)
        seen.page.on("console", lambda m: seen.messages.append(f"{m.type}: {m.text}"))
        seen.page.on("pageerror", lambda error: seen.messages.append(f"error: {error}"))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.goto(Path(path).resolve().as_uri())
        return seen

    yield open_file
    for context in contexts:
        context.close()


@pytest.fixture
def read(visit) -> Iterator[Callable[[str], Page]]:
    """Opens a chapter of the built book, ``read("minibatch_sensitivity")``, its widgets ready.

    At the end the page must have reported no error and asked for nothing off the machine.
    """
    opened = []

    def open_chapter(name: str, **options) -> Page:
        path = BOOK / f"{name}.html"
        assert path.exists(), "there is no book in _build/html: run `make book`"
        opened.append(visit(path, **options))
        settle(opened[-1].page)
        return opened[-1].page

    yield open_chapter
    for seen in opened:
        errors = [m for m in seen.messages if not m.startswith(("log:", "info:"))]
        assert errors == [] and seen.foreign == []


LINES = pytest.StashKey[list[str]]()


@pytest.fixture
def summary(pytestconfig) -> Callable[[str], None]:
    """Says a line in the summary of the tests."""
    return pytestconfig.stash.setdefault(LINES, []).append


def pytest_terminal_summary(terminalreporter, config) -> None:
    """Print the lines that tests had to say."""
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
