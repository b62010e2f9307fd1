"""A deck of slides for each chapter, made of the built book: `make slides`.

    python tools/slides.py [CHAPTER ...]

What a deck shows is the chapter page's own (see `deck.py`); reveal.js turns the slides. Decks, the
widgets' files and all else they need lie in `_build/slides`, which opens from disk with the network
off, and in `_build/slides.zip`. The built book has them too, in `slides/`: `tools/build.py`.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

import deck
import hands
from page_foot import shown_version

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
OUT = ROOT / "_build/slides"
SOURCE = ROOT / "book/slides"
FROM_BOOK = ("host/widgets.js", "vendor/mathfont")
LICENCES = ("LICENSE", "LICENSE-TEXT", "LICENSES.md")

REUSE = "The Gradient Dosage authors. You may use and change these slides: CC BY 4.0."

DECK = """\
<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="stylesheet" href="_static/slides/vendor/reveal/reset.css">
<link rel="stylesheet" href="_static/slides/vendor/reveal/reveal.css">
<link rel="stylesheet" href="_static/slides/deck.css">
</head>
<body>
<div class="reveal"><div class="slides">
{sections}
</div></div>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script src="_static/host/widgets.js"></script>
<script src="_static/slides/vendor/reveal/reveal.js"></script>
<script src="_static/slides/vendor/reveal/notes.js"></script>
<script src="_static/slides/deck.js"></script>
</body>
</html>
"""
INDEX = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gradient Dosage: slides</title>
<link rel="stylesheet" href="_static/slides/deck.css">
</head>
<body class="index">
<h1>Gradient Dosage: slides</h1>
<p>A deck a chapter. They open from disk, with no network.</p>
<ul>
{decks}
</ul>
<p>Space: the next step. S: the speaker's window, with notes and minutes. On a bet, the keys 1 to 9
count a hand, with Shift they take one back. Escape leaves an explorer, so that the arrow keys turn
slides again. F: full screen.</p>
<p>Version {version}. Text and figures: CC BY 4.0. Code: BSD-3-Clause. reveal.js: MIT.</p>
</body>
</html>
"""


def body(slide: deck.Slide) -> str:
    """A slide's own part, below its title."""
    if slide.kind == "bet":
        options = [text for text, _ in hands.choices(slide.meta)]
        return hands.asked(slide.meta) + hands.counted(slide.meta["id"], options, counts=True)
    if slide.kind == "reveal":
        told = [
            f'{text} <b class="share">{100 * share:.0f} %</b>'
            for text, share in hands.choices(slide.meta)
        ]
        counted = hands.counted(slide.meta["id"], told, counts=False)
        seeds = f"<p><small>Share of {slide.meta['seeds']} seeds, and hands.</small></p>"
        start = f'{seeds}{counted}<div class="result">{slide.meta["result"]}</div>'
        if not slide.body:
            return start
        figure = f'<div class="fragment current-visible">{slide.body}</div>'
        return f'<div class="stack"><div class="start">{start}</div>{figure}</div>'
    if slide.kind == "quiz":
        return hands.quiz(slide.meta)
    if slide.kind == "question":
        return f"{slide.body}<p><small>{REUSE}</small></p>"
    view = '<script type="application/vnd.jupyter.widget-view+json">{{"model_id": "{}"}}</script>'
    return slide.body + "".join(map(view.format, slide.models))


def section(slide: deck.Slide, number_: int) -> str:
    """A slide as reveal.js takes it; the notes begin with its minutes."""
    notes = slide.notes
    if slide.kind == "bet":
        notes += (
            "\n\nEverybody decides before a hand goes up. Count with the buttons, or with the keys "
            "1 to 9. Ask one hand of each choice for its reason."
        )
    seconds = round(60 * slide.minutes)
    return (
        f'<section class="{slide.kind}" id="slide-{number_}" data-timing="{seconds}">'
        f'<h2>{slide.title}</h2>\n<div class="body">{body(slide)}</div>\n'
        f'<aside class="notes"><p><b>{slide.minutes:g} min.</b></p>{deck.html(notes)}</aside>'
        "</section>"
    )


def parts_of(value) -> set[str]:
    """The files that a widget's state names."""
    if isinstance(value, dict):
        own = {value["part"]} if isinstance(value.get("part"), str) else set()
        return own.union(*map(parts_of, value.values()))
    return set().union(*map(parts_of, value)) if isinstance(value, list) else set()


def write(page: deck.Page, slides: list[deck.Slide], out: Path, html: Path = HTML) -> Path:
    """Write a chapter's deck, with the files of the widgets on it."""
    shown = {model: page.records[model] for slide in slides for model in slide.models}
    (out / "_static/widgets").mkdir(parents=True, exist_ok=True)
    for part in sorted(parts_of(shown)):
        shutil.copy(html / f"_static/widgets/{part}.js", out / "_static/widgets")
    state = json.dumps({"state": shown}).replace("</", "<\\/")
    sections = "\n".join(section(slide, n) for n, slide in enumerate(slides, 1))
    title = re.sub(r"<[^>]+>", "", slides[0].title)
    path = out / f"{page.name}.html"
    text = DECK.format(title=title, sections=sections, state=state)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def chapters(root: Path = ROOT) -> list[str]:
    """Names of the chapters that have slides, in the book's order."""
    import yaml

    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    entries = [*toc.get("chapters", ()), *(e for p in toc.get("parts", ()) for e in p["chapters"])]
    found = [root / f"{entry['file']}.ipynb" for entry in entries]
    return [p.stem for p in found if p.exists() and '"slides": [' in p.read_text(encoding="utf-8")]


def page_of(name: str, html: Path = HTML) -> deck.Page:
    """A chapter's notebook and built page."""
    return deck.Page.read(ROOT / f"book/{name}.ipynb", html / f"book/{name}.html")


def write_all(names: list[str], out: Path, html: Path = HTML) -> None:
    """Write the decks of some chapters of a built book, and what they need, into a new folder."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "_static/host").mkdir(parents=True)
    shutil.copytree(SOURCE, out / "_static/slides")
    shutil.copy(html / "_static/host/widgets.js", out / "_static/host")
    shutil.copytree(html / "_static/vendor/mathfont", out / "_static/vendor/mathfont")
    for name in LICENCES:
        shutil.copy(ROOT / name, out)
    decks = []
    for name in names:
        page = page_of(name, html)
        slides = deck.deck(page)
        path = write(page, slides, out, html)
        minutes = sum(slide.minutes for slide in slides)
        decks.append(f'<li><a href="{path.name}">{slides[0].title}</a>, {len(slides)} slides</li>')
        print(f"{name}: {len(slides)} slides, {minutes:g} minutes")
    index = INDEX.format(decks="\n".join(decks), version=shown_version(ROOT))
    (out / "index.html").write_text(index, encoding="utf-8", newline="\n")


def main(names: list[str], out: Path = OUT) -> None:
    """Write the decks of some chapters, or of all, and pack them."""
    write_all(names or chapters(), out)
    archive = out.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(out.rglob("*")):
            if path.is_file():
                file.write(path, Path("gradient-dosage-slides") / path.relative_to(out))
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
