"""The instructor's pages: plans that add up with the decks, and nothing that the chapter lacks."""

import base64
import html
import json
import re
from math import ceil
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

import deck
import slides
from gradbook.exercises import known
from settled import settle

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
NAMES = slides.chapters()
LINK = re.compile(r'href="\.\./([\w/]+)\.html#lab-([\w-]+)=([^"]+)" title="([^"]+)"')
SHOWN = re.compile(r'href="\.\./(\w+)\.html#(([\w-]+)\?setting=[\d,]+)" title="([^"]+)"')
IN_SIGHT = """(e) => e.checkVisibility()
    && Math.abs(e.getBoundingClientRect().top) < innerHeight / 2"""
SETTINGS = """(e) => [...e.querySelectorAll("[data-control]")].map((c) =>
    (c.querySelector("output") ?? c.querySelector("input:checked").closest("label")).innerText)"""
PARTS = [
    "Three goals",
    "90 minutes",
    "45 minutes",
    "The board",
    "Wrong guesses, and what they reveal",
    "To discuss",
    "Exercises, and what each is for",
]


def text(name: str) -> str:
    return (BOOK / f"teach/{name}.md").read_text(encoding="utf-8")


def part(name: str, heading: str) -> str:
    return text(name).split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(table: str) -> list[list[str]]:
    """A Markdown table's cells, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def numbers(named: str) -> list[int]:
    """Slides as a plan names them, such as "1–5, 7"."""
    ends = [list(map(int, piece.split("–"))) for piece in named.split(", ") if piece]
    return [n for piece in ends for n in range(piece[0], piece[-1] + 1)]


@pytest.fixture(scope="module")
def minutes() -> dict[str, list[float]]:
    """Chapter to the minutes of its slides."""
    return {n: [slide.minutes for slide in deck.deck(slides.page_of(n))] for n in NAMES}


def test_every_chapter_has_a_page_that_is_listed():
    listed = re.findall(r"file: book/teach/(\w+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert listed == NAMES == re.findall(r"\(teach/(\w+)\.md\)", (BOOK / "teach.md").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_page_has_its_parts(name):
    headings = re.findall(r"^## (.+)$", text(name), re.M)
    assert [heading for heading in headings if heading != "Settings to show"] == PARTS
    assert len(re.findall(r"^\d\. ", part(name, "Three goals"), re.M)) == 3
    assert f'<a href="../../slides/{name}.html">The deck</a>' in text(name)
    assert "**They need**" in part(name, "Three goals")
    assert "**Skip first**" in part(name, "45 minutes")
    guesses = re.findall(r"^- (.+)$", part(name, PARTS[4]), re.M)
    assert len(guesses) >= 4 and all("*" in guess and len(guess) > 80 for guess in guesses)
    asked = re.findall(r"^- \*(.+?\?)\* (.+)$", part(name, "To discuss"), re.M)
    assert len(asked) >= 3 and all(answer for _, answer in asked)


@pytest.mark.parametrize("length", [90, 45])
@pytest.mark.parametrize("name", NAMES)
def test_plan_adds_up_and_gives_each_slide_its_minutes(name, length, minutes):
    plan = rows(part(name, f"{length} minutes"))
    assert sum(int(given) for given, *_ in plan) == length
    shown = [n for _, named, _ in plan for n in numbers(named)]
    assert shown == sorted(set(shown))
    if length == 90:
        assert shown == list(range(1, len(minutes[name]) + 1))
    for given, named, _ in plan:
        needed = ceil(sum(minutes[name][n - 1] for n in numbers(named)))
        assert not named or needed <= int(given) <= needed + 1, (named, needed)


def test_the_book_in_one_lecture_adds_up(minutes):
    source = (BOOK / "teach.md").read_text(encoding="utf-8")
    plan = rows(source.split("\n## The book in one lecture\n")[1].split("\n## ")[0])
    assert sum(int(given) for given, *_ in plan) == 90
    for given, name, named, _ in plan:
        assert not name or sum(minutes[name][n - 1] for n in numbers(named)) <= int(given)


@pytest.mark.parametrize("name", NAMES)
def test_each_exercise_of_the_chapter_is_named_and_no_other(name):
    code = "\n".join(c.source for c in nbformat.read(BOOK / f"{name}.ipynb", 4).cells)
    asked = re.findall(r'exercises\.answer\(\s*"[\w/-]+",\s*"([\w %-]+)"', code)
    told = [re.sub(r"\*", "", cells[0]) for cells in rows(part(name, PARTS[-1]))]
    assert sorted(told) == sorted([*asked, "Explain"])
    for italic in re.findall(r"(?:Pairs|Laptops): \*([^*]+)\*", text(name)):
        assert italic in known()


@pytest.mark.parametrize("name", NAMES)
def test_each_number_is_one_of_the_chapters(name):
    """Those of two digits and more, apart from plans, slides and settings."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    shown = [
        out.get("data", {}).get("text/html", "")
        for c in notebook.cells
        for out in c.get("outputs", ())
    ]
    tags = re.compile(r"</?[a-z][^>]*>")  # not the sign in a comparison
    answers = [
        f"{known()[x].expected():,.0f}" for x in re.findall(r"^\| \*(.+?)\* ", text(name), re.M)
    ]
    prose = " ".join(part(name, heading) for heading in PARTS[3:6])
    prose += " ".join(cells[-1] for cells in rows(part(name, PARTS[-1])))
    prose = re.sub(r"slides? \d+(?:(?:–| and | to |, then )\d+)*", "", prose)
    told = {*re.findall(r"\d[\d.,]*\d", prose)}
    found = " ".join([*(c.source for c in notebook.cells), *shown])
    found = html.unescape(tags.sub(" ", found))
    counts = {"10": "ten", "20": "twenty", "64": "64"}
    assert {n for n in told if n not in found and counts.get(n, n) not in found} <= {*answers}


@pytest.fixture
def opened(visit):
    """Opens a link of an instructor's page, and waits until what it names is in sight."""

    def open_link(path: str, anchor: str, of: str):
        built = ROOT / f"_build/html/book/{path}.html"
        page = visit(built, width=1000).page
        page.goto("about:blank")
        page.goto(f"{built.as_uri()}#{anchor}")
        settle(page)
        widget = page.locator(f'[data-of="{of}"][data-widget="ready"]').first
        page.wait_for_function(IN_SIGHT, arg=widget.element_handle())
        return widget

    return open_link


@pytest.mark.parametrize("name", NAMES)
def test_link_opens_the_training_with_the_settings_it_names(name, opened):
    links = LINK.findall(text(name))
    assert len(links) == text(name).count("#lab-")
    assert len(links) + len(SHOWN.findall(text(name))) >= 3
    for path, lab, packed, title in links:
        values = json.loads(unquote(base64.b64decode(packed).decode()))["values"]
        told = title.removeprefix(f"{lab}: ").split("; ")
        assert told == [f"{key}={value}" for key, value in values.items()]
        widget = opened(path, f"lab-{lab}={packed}", lab)
        shown = widget.evaluate(
            """(e) => [...e.querySelectorAll("input")].filter((i) => i.type === "text" || i.checked)
                .map((i) => i.type === "text" ? i.value : i.closest("label").innerText.trim())"""
        )
        assert {str(value) for value in values.values()} <= {*shown}


@pytest.mark.parametrize("name", NAMES)
def test_link_opens_the_explorer_with_the_settings_it_names(name, opened):
    links = SHOWN.findall(text(name))
    assert len(links) == text(name).count("?setting=")
    for path, anchor, explorer, title in links:
        told = title.removeprefix(f"{explorer}: ").split("; ")
        widget = opened(path, anchor, explorer)
        for shown, setting in zip(widget.evaluate(SETTINGS), told, strict=True):
            assert f"{shown.strip()} ".startswith(f"{setting.partition('=')[2]} ")
