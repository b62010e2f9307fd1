"""The built book to take along: `python tools/paper.py pdf` and `python tools/paper.py zip`.

The PDF is printed by Chromium, page after page of the table of contents; the archive is the folder
that opens from disk.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
NAME = "gradient-dosage"
READY = """async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    await document.fonts.ready;
}"""


def pages(root: Path = ROOT) -> list[str]:
    """The pages' names in the order of the table of contents."""
    import yaml

    def below(entry: dict) -> list[str]:
        inner = [*entry.get("chapters", []), *entry.get("sections", [])]
        return [entry.get("root") or entry["file"], *(name for e in inner for name in below(e))]

    return below(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8")))


def print_page(page, path: Path) -> bytes:
    """A page of the book as a PDF, its widgets and pictures drawn.

    Args:
        page: Playwright's, of a headless Chromium.
        path: The built HTML.
    """
    page.goto(path.resolve().as_uri(), wait_until="load")
    page.evaluate("window.gradbookWidgetHost?.showAll()")
    page.wait_for_function("!document.querySelector('[data-widget=loading]')")
    page.evaluate(READY)
    return page.pdf(format="A4", print_background=True, prefer_css_page_size=True)


def print_book(output: Path, html: Path = HTML) -> None:
    """Write the whole book into one PDF, with a bookmark for each page."""
    from playwright.sync_api import sync_playwright
    from pypdf import PdfReader, PdfWriter

    book = PdfWriter()
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_context(offline=True, color_scheme="light").new_page()
        for name in pages():
            printed = PdfReader(io.BytesIO(print_page(page, html / f"{name}.html")))
            book.append(printed, outline_item=page.locator("h1").last.inner_text().rstrip("# \n"))
        browser.close()
    book.write(output)


def pack(output: Path, html: Path = HTML) -> None:
    """Write the built book into a zip archive, in a folder of its own."""
    import zipfile

    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(html.rglob("*")):
            if path.is_file():
                archive.write(path, Path(NAME) / path.relative_to(html))


if __name__ == "__main__":
    if sys.argv[1:] not in (["pdf"], ["zip"]):
        sys.exit("expected one of: python tools/paper.py pdf, python tools/paper.py zip")
    target = ROOT / f"_build/{NAME}.{sys.argv[1]}"
    {"pdf": print_book, "zip": pack}[sys.argv[1]](target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
