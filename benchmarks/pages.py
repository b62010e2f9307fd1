"""The weight of the built book's pages: what a first visit to each fetches, gzipped as served.

Every page is opened with an empty cache from a local server, and what it asks for is counted.
Pictures below the first screen wait until they are near it; "later" has those.
"""

from __future__ import annotations

import gzip
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import sync_playwright

from benchmarks.timing import keep

HTML = Path(__file__).resolve().parents[1] / "_build/html"
PACKED = {".html", ".js", ".css", ".svg", ".json", ".ipynb"}
KINDS = {
    "document": "page",
    "stylesheet": "styles",
    "script": "scripts",
    "font": "font",
    "image": "pictures",
}
INTRODUCTION = (
    "Made by `make weigh`: kB that a first visit to each page fetches, text gzipped. To reach: the "
    "front page at most 500, a chapter at most 1,200. Pictures and widgets' code and data two "
    "screens down come later; the last column has the pictures."
)
COLUMNS = ("page", "styles", "scripts", "widgets", "font", "pictures", "other")


def gzipped(path: Path) -> int:
    """Bytes of a file on its way: packed if it is text."""
    data = path.read_bytes()
    return len(gzip.compress(data, 9)) if path.suffix in PACKED else len(data)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        """Say nothing of each request."""


def first_loads(browser, folder: Path = HTML) -> dict[str, dict[str, int]]:
    """Bytes by kind that a first visit to each page fetches.

    Args:
        browser: Playwright's; a fresh context is opened for every page.
        folder: The built book.

    Returns:
        Page → kind, of COLUMNS → bytes.
    """
    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}/"
    weights = {}
    try:
        for path in sorted(folder.rglob("*.html")):
            if "_static" in path.parts:
                continue
            name = path.relative_to(folder).as_posix()
            asked: dict[str, str] = {}
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.on("request", lambda r, asked=asked: asked.setdefault(r.url, r.resource_type))
            page.goto(root + name, wait_until="networkidle")
            shown = page.evaluate("[...document.images].map((image) => image.src)")
            context.close()
            weight = dict.fromkeys([*COLUMNS, "later"], 0)
            for url, kind in asked.items() | {(u, "later") for u in shown if u not in asked}:
                file = folder / unquote(urlsplit(url).path).lstrip("/")
                kind = "widgets" if "/_static/widgets/" in url else KINDS.get(kind, kind)
                if url.startswith(root) and file.is_file():
                    weight[kind if kind in weight else "other"] += gzipped(file)
            weights[name] = weight
    finally:
        server.shutdown()
        server.server_close()
    return weights


def table(weights: dict[str, dict[str, int]]) -> str:
    """The weights in kB as a Markdown table."""
    lines = [
        "| page | first visit | " + " | ".join(COLUMNS) + " | later |",
        "| --- |" + " --: |" * (len(COLUMNS) + 2),
    ]
    for name, weight in weights.items():
        parts = [weight[column] for column in COLUMNS]
        numbers = [sum(parts), *parts, weight["later"]]
        lines.append(f"| {name} | " + " | ".join(f"{n / 1000:,.0f}" for n in numbers) + " |")
    return "\n".join(lines)


def main() -> None:
    """Weigh the pages and keep the table."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        text = f"# Weight of the pages\n\n{INTRODUCTION}\n\n{table(first_loads(browser))}\n"
        browser.close()
    keep("pages", text)
    print(text)
