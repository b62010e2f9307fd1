"""A Sphinx extension: what a page says of itself to searches, and to whoever shows a link to it.

A description, a title, a picture and one address, which follows from the repository's: a fork's
pages name the fork's.
"""

from __future__ import annotations

import re
import textwrap
from html import escape
from pathlib import Path

import matplotlib
from docutils import nodes
from matplotlib.figure import Figure

import repository

WIDTH, HEIGHT = 1200, 630  # pixels of a card, as OpenGraph's readers want it
LONGEST = 200  # letters of a description


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("config-inited", set_address)
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pages_address(owner_and_name: str) -> str:
    """Where GitHub publishes a repository's pages, with a slash at the end."""
    owner, name = owner_and_name.split("/")
    root = f"https://{owner.lower()}.github.io/"
    return root if name.lower() == f"{owner.lower()}.github.io" else f"{root}{name}/"


def set_address(app, config) -> None:
    config.html_baseurl = pages_address(repository.current(Path(app.srcdir)))


def description(doctree: nodes.document) -> str:
    """The page's first sentences, as many as fit."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if not paragraph.next_node(nodes.math) and len(text) > 60:
            break
    else:
        return doctree.next_node(nodes.title).astext()
    short = ""
    for sentence in re.split(r"(?<=[.?!])\s+", text):
        if short and len(short) + len(sentence) >= LONGEST:
            break
        short = f"{short} {sentence}".strip()
    return textwrap.shorten(short, LONGEST, placeholder=" …")


def describe(app, pagename, templatename, context, doctree) -> None:
    """Add the tags and the card of a page that has a text."""
    if doctree is None:
        context["metatags"] = (
            context.get("metatags", "") + '\n<meta name="robots" content="noindex">'
        )
        return
    base = app.config.html_baseurl
    front = pagename == app.config.root_doc
    address = base if front else f"{base}{pagename}.html"
    context["pageurl"] = address
    book = app.config.html_title or app.config.project
    title = re.sub(r"<[^>]*>", "", context["title"])
    said = description(doctree)
    sources = {name: app.srcdir / source for source, name in app.builder.images.items()}
    shown = [Path(image["uri"]).name for image in doctree.findall(nodes.image)]
    picture = next((sources[n] for n in shown if n.endswith(".png") and n in sources), None)
    name = f"_static/cards/{Path(pagename).name}.png"
    draw_card(Path(app.outdir) / name, "" if front else book, title, said, picture)
    tags = {
        'name="description"': said,
        'property="og:type"': "website" if front else "article",
        'property="og:site_name"': book,
        'property="og:title"': title,
        'property="og:description"': said,
        'property="og:url"': address,
        'property="og:image"': base + name,
        'property="og:image:width"': WIDTH,
        'property="og:image:height"': HEIGHT,
        'property="og:image:alt"': f"{title}: {said}",
        'name="twitter:card"': "summary_large_image",
    }
    lines = [f'<meta {key} content="{escape(str(value))}">' for key, value in tags.items()]
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(lines)


def draw_card(path: Path, book: str, title: str, text: str, picture: Path | None) -> None:
    """Write a page's card: its title and first sentences, with its first figure if it has one."""
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "text.usetex": False}):
        card = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor="#14213d")
        wide = picture is None
        letters = 30 if wide else 17
        card.text(0.05, 0.88, book, color="#fca311", fontsize=20, va="top")
        heading = textwrap.fill(title, letters)
        card.text(0.05, 0.76, heading, color="white", fontsize=38, weight="bold", va="top")
        below = 0.70 - 0.11 * len(heading.splitlines())
        room = 6 if wide else 5
        lines = textwrap.wrap(text, letters * 2 - 2, max_lines=room, placeholder=" …")
        escaped = "\n".join(lines).replace("$", r"\$")
        card.text(0.05, below, escaped, color="#e5e5e5", fontsize=18, va="top", linespacing=1.4)
        if not wide:
            axes = card.add_axes((0.5, 0.08, 0.46, 0.84))
            axes.imshow(matplotlib.image.imread(picture), interpolation="lanczos")
            axes.set_axis_off()
        path.parent.mkdir(parents=True, exist_ok=True)
        card.savefig(path, metadata={"Software": None})
