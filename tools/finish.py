"""A Sphinx extension: the last touches to every page, once the theme has written it.

A page loads what it shows and no more: the theme's icons are drawn in the page instead of by a
script that holds two thousand of them, the search's index waits for the search page, pictures
wait until they are near the screen, and the widgets' data comes after the text. The front page lies
at the book's own address, and a notebook is saved, not shown.
"""

from __future__ import annotations

import json
import posixpath
import re
import struct
from functools import cache
from pathlib import Path

import pydata_sphinx_theme

import parts
from inline import moved_out

ICONS = "theme/pydata_sphinx_theme/static/scripts/fontawesome.js"
ICON = re.compile(r'<(i|span) class="((?:[\w-]+ +)*fa[bs]?(?:-solid|-brands)? [^"]*)"([^>]*)></\1>')
SIZES = {"fa-lg", "fa-solid", "fa-brands", "fas", "fab", "fa-fw"}
STATE = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-state\+json">.*?</script>', re.S
)
SEARCH = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>'
)
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')
# What the theme leaves to whoever hears a page: a button's name without the text on it, and the way
# to the front page outside of all landmarks.
BUTTON = re.compile(r'(search-button-field[^"]*" title="Search") aria-label="Search"')
LOGO = re.compile(r'(<a class="navbar-brand logo".*?</a>)', re.S)
TOGGLE = re.compile(r'<summary>(?=<span class="toctree-toggle")')
NOTEBOOK = re.compile(r'<a href="([^"]*_sources/[^"]*?)([^"/]+\.ipynb)" target="_blank"')
PICTURE = re.compile(r'<img (?=[^>]*src="([^":]+\.png)")')


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def finish(app, exception) -> None:
    """Rewrite the pages that a build without an error has left."""
    if exception is not None or app.builder.format != "html":
        return
    root = Path(app.outdir)
    for path in root.rglob("*.html"):
        folders = path.relative_to(root).parent.parts
        if (folders and "_static" not in folders) or path.name == "search.html":
            text = path.read_text(encoding="utf-8")
            page = parts.moved_out(moved_out(finished(text, path), path, root), root)
            up = "../" * len(folders)
            storage = f'<script src="{up}_static/host/storage.js"></script>\n  '
            path.write_text(page.replace("<script", f"{storage}<script", 1), encoding="utf-8")
    front = root / f"{app.config.root_doc}.html"
    text = moved_up(front.read_text(encoding="utf-8"), front.parent.relative_to(root).as_posix())
    (root / "index.html").write_text(text, encoding="utf-8")
    for notebook in (root / "_sources").rglob("*.ipynb"):
        text = json.dumps(notebook.read_text(encoding="utf-8"))
        notebook.with_suffix(".ipynb.js").write_text(f"gradbookFile({text})", encoding="utf-8")
    (root / "_static/scripts/fontawesome.js").unlink(missing_ok=True)


def finished(page: str, path: Path) -> str:
    """A page's HTML after all touches."""
    page = re.sub(r'\s*<script defer src="[^"]*fontawesome\.js[^"]*"></script>', "", page)
    page = ICON.sub(lambda match: icon(match[2], match[3]), page)
    if path.name != "search.html":
        page = SEARCH.sub("", page)
    page = data_last(page)
    page = lazy(page, path.parent)
    page = NOTEBOOK.sub(r'<a href="\1\2" download="\2"', page)
    page = re.sub(r"<title>(.*?) &#8212; \1</title>", r"<title>\1</title>", page)
    page = TOGGLE.sub('<summary aria-label="Its pages">', page)
    page = LOGO.sub(r'<nav aria-label="Front page">\1</nav>', BUTTON.sub(r"\1", page))
    first, *others = VIEWPORT.findall(page) or [""]
    return page if not others else VIEWPORT.sub("", page).replace("<title>", f"{first}<title>", 1)


def moved_up(page: str, folder: str) -> str:
    """A page of a folder as it must read in the root: its relative addresses begin there."""

    def moved(match: re.Match) -> str:
        name, address = match.groups()
        if not address or re.match(r"[a-z]+:|#|/", address):
            return match[0]
        return f'{name}="{posixpath.normpath(posixpath.join(folder, address))}"'

    page = page.replace('data-content_root="../"', 'data-content_root="./"')
    return re.sub(r'\b(href|src|action)="([^"]*)"', moved, page)


@cache
def drawings() -> str:
    return (Path(pydata_sphinx_theme.__file__).parent / ICONS).read_text(encoding="utf-8")


def icon(classes: str, attributes: str = "") -> str:
    """One of Font Awesome's icons as SVG, taken from the theme's own script.

    Args:
        classes: What the theme writes, such as "fa-solid fa-bars".
        attributes: The element's further attributes, kept but for a title.
    """
    name = next(c for c in classes.split() if c.startswith("fa-") and c not in SIZES)
    # A name of several styles is found more than once; the solid ones stand last.
    found = re.findall(
        rf'[{{,]"?{re.escape(name[3:])}"?:\[(\d+),(\d+),\[[^]]*\],"\w+","([^"]+)"\]', drawings()
    )
    if not found:
        raise ValueError(f"expected an icon of the theme, got {name!r}")
    width, height, path = found[-1]
    kept = re.sub(r'\s*title="[^"]*"', "", attributes)
    return (
        f'<svg class="{classes} icon" aria-hidden="true" viewBox="0 0 {width} {height}"{kept}>'
        f'<path fill="currentColor" d="{path}"/></svg>'
    )


def data_last(page: str) -> str:
    """Move the widgets' data from the head to the end, so that text comes first."""
    data = STATE.findall(page)
    return page if not data else STATE.sub("", page).replace("</body>", "\n".join(data) + "</body>")


def lazy(page: str, folder: Path) -> str:
    """Let pictures load near the screen, in a place of their size."""

    def attributes(match: re.Match) -> str:
        with (folder / match[1]).open("rb") as file:
            width, height = struct.unpack(">II", file.read(24)[16:])
        sized = (
            ""
            if "width" in match.string[match.start() : match.end() + 400].split(">")[0]
            else (f'width="{width}" height="{height}" ')
        )
        return f'<img loading="lazy" decoding="async" {sized}'

    return PICTURE.sub(attributes, page)
