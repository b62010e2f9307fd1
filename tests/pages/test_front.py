"""The front page: alive in the first screen, with doors that open and an answer behind each bet."""

import re
from pathlib import Path

import nbformat
import pytest

import shape

BOOK = Path(__file__).resolve().parents[2] / "book"
NOTEBOOK = nbformat.read(BOOK / "index.ipynb", as_version=4)
TEXT = "\n\n".join(c.source for c in NOTEBOOK.cells if c.cell_type == "markdown")
CARDS = re.findall(r"### \[[^\]]+\]\((\w+)\.ipynb\)\n\n(\d+) minutes", TEXT)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_garden_is_in_the_first_screen_and_answers(read, width, height):
    page = read("index", width=width, height=height)
    garden = page.locator(".gradbook-growing")
    box = garden.bounding_box()
    assert box["y"] + box["height"] <= height
    assert box["width"] >= 0.9 * page.locator("article.bd-article").bounding_box()["width"]
    before = garden.locator(".sentence").inner_text()
    garden.locator("input").fill("0")
    assert garden.locator(".sentence").inner_text() != before


def test_the_introduction_has_about_ninety_words():
    introduction = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(TEXT.partition("# Gradient Dosage")[2].split("##")[0])]
    )
    assert 80 <= shape.words(introduction) <= 100


def test_there_are_three_doors(read):
    page = read("index")
    doors = page.locator("#three-doors li a")
    assert doors.all_inner_texts() == ["Play", "Teach", "Measure"]


@pytest.mark.parametrize(("chapter", "stated"), CARDS)
def test_a_card_states_its_chapters_minutes(chapter, stated):
    notebook = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    assert abs(shape.minutes(notebook) - int(stated)) <= 1


def test_each_card_has_a_picture_and_an_answer_behind_its_bet(read):
    page = read("index")
    bets = page.locator("[data-bet]")
    assert bets.count() == len(CARDS) == 7
    for number in range(bets.count()):
        bet = bets.nth(number)
        assert bet.locator(".thumb").bounding_box()["width"] > 60
        assert not bet.locator(".outcome").is_visible()
        if bet.locator(".option").count():
            bet.locator(".option").first.click()
        else:
            bet.locator("input").fill("200")
            bet.get_by_role("button", name="Bet", exact=True).click()
        assert "seeds" in bet.locator(".outcome .verdict").inner_text()
        assert bet.locator(".outcome .result").inner_text()
