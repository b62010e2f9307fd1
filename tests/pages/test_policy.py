"""Under a policy that runs files alone, in a sandboxed frame as learning platforms use it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from gradbook.chapters.dosage import effects
from gradbook.evidence import atlas
from reader import Reader
from settled import settle

HTML = Path(__file__).resolve().parents[2] / "_build/html"
PAGES = sorted([*(HTML / "book").glob("*.html"), HTML / "index.html", HTML / "search.html"])
LISTEN = """
    window.refused = [];
    addEventListener("securitypolicyviolation", (event) =>
        window.refused.push(`${event.blockedURI} ${event.sourceFile} ${event.sample}`));
"""


class Server(ThreadingHTTPServer):
    """Lets a browser open as many connections at once as it likes."""

    request_queue_size = 128


class Strict(SimpleHTTPRequestHandler):
    """Allows scripts from files of this server, and nothing else."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", "script-src 'self'")
        super().end_headers()

    def log_message(self, *arguments) -> None:
        """Say nothing of each request."""


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), partial(Strict, directory=str(HTML)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(HTML).as_posix())
def test_no_page_runs_a_script_that_stands_in_it(path, strict, browser):
    page = browser.new_page()
    page.add_init_script(LISTEN)
    page.goto(f"{strict}/{path.relative_to(HTML).as_posix()}")
    settle(page)
    assert page.evaluate("window.refused") == []
    assert page.locator("[data-widget=failed]").count() == 0
    page.close()


def test_the_policy_is_in_force(strict, browser):
    page = browser.new_page()
    page.add_init_script(LISTEN)
    page.goto(f"{strict}/book/references.html")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))"
    )
    page.wait_for_function("window.refused.length === 1")
    page.close()


def test_a_lab_trains_where_neither_workers_nor_webassembly_may_run(strict, browser):
    """By the kernels in JavaScript, on the page itself: the course that was measured."""
    diets = atlas.load("diets")
    page = browser.new_page()
    page.goto(f"{strict}/book/gradient_dosage/regularizers.html")
    settle(page)
    reader = Reader(page)
    reader.press("play")
    found = reader.wait_for(2000)
    assert reader.root.get_attribute("data-way") == "JavaScript"
    number = effects.diet_number(diets, "weight decay", 0.02)
    np.testing.assert_allclose(found["answer"], diets["answer"][0, number, -1], atol=1e-3)
    assert reader.root.locator("path.grey").count() == len(found["answer"])
    page.close()


def test_the_themes_buttons_work_under_the_policy(strict, browser):
    page = browser.new_page(color_scheme="light")
    page.goto(f"{strict}/book/starvation.html")
    assert page.locator("html").get_attribute("data-mode") == "auto"
    page.locator(".bd-header-article .theme-switch-button").click()
    assert page.locator("html").get_attribute("data-mode") in ("light", "dark")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Download this page").click()
    page.locator(".btn-download-pdf-button").click()
    assert page.evaluate("window.printed")
    page.close()


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(HTML).as_posix())
def test_a_page_works_in_a_sandboxed_frame(path, strict, browser):
    """Which has no storage and no origin of its own."""
    page = browser.new_page()
    thrown = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    address = f"{strict}/{path.relative_to(HTML).as_posix()}"
    page.set_content(f'<iframe sandbox="allow-scripts" width="1200" height="800" src="{address}">')
    frame = page.frames[1]
    settle(frame)
    assert frame.locator("main h1:visible").count() == 1
    assert frame.locator("html").get_attribute("data-theme") in ("light", "dark")
    assert frame.evaluate("self.origin") == "null"
    assert frame.locator("[data-widget=failed]").count() == 0
    assert thrown == []
    page.close()
