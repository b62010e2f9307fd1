"""A deck of slides for each chapter: its blocks, its minutes, and how it behaves in a lecture."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

import deck
import hands
import slide_text
import slides

ROOT = Path(__file__).resolve().parents[2]
NAMES = slides.chapters()
FIXED = ["question", "stake", "explorer"], ["findings", "takeaways", "quiz"]
LECTURE = 90
# Time that is left in a lecture for exercises and for questions.
LEFT = 25

POSITION = """() => [
    [...document.querySelectorAll(".slides > section")].findIndex((e) => e.matches(".present")),
    document.querySelectorAll(".fragment.visible").length,
].join()"""
READY = """() => [...document.querySelectorAll("section.present [data-widget]")]
    .every((e) => e.dataset.widget === "ready")"""
# What stands outside the slide, or lies over its heading.
OUTSIDE = """() => {
    const slide = document.querySelector("section.present");
    const heard = (e) => e.closest(".notes, .spoken, .speech");
    const parts = [...slide.querySelectorAll("h2, .body *")].filter((e) => !heard(e)
        && e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && e.getBoundingClientRect().width && e.getBoundingClientRect().height);
    // The number of the slide has the foot of an explorer.
    const below = slide.matches(".explorer") ? 28 : 0;
    const out = parts.filter((e) => {
        const { left, top, right, bottom } = e.getBoundingClientRect();
        return left < -0.5 || top < -0.5 || right > 1280.5 || bottom > 720.5 - below;
    });
    const body = slide.querySelector(".body");
    const heading = slide.querySelector("h2").getBoundingClientRect();
    const low = slide.matches(".explorer") ? 0 : heading.bottom;
    const over = parts.filter((e) => body.contains(e) && e.getBoundingClientRect().top < low - 0.5);
    return [...out, ...over].map((e) => `${slide.id} ${e.tagName}: ${e.textContent.slice(0, 30)}`);
}"""
SMALL = """() => [...document.querySelectorAll("section.present [data-widget] *")].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
        && !e.closest(".spoken, .speech") && e.checkVisibility() && e.getBoundingClientRect().width)
    .map((e) => {
        const { a, b } = e.ownerSVGElement ? e.getScreenCTM() : { a: e.currentCSSZoom, b: 0 };
        return [parseFloat(getComputedStyle(e).fontSize) * Math.hypot(a, b), e.textContent];
    }).filter(([size]) => size < 23.95)"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, tuple[list[deck.Slide], Path]]:
    """Every chapter's slides, and where its deck lies."""
    assert (slides.HTML / "index.html").exists(), "there is no book in _build/html: run `make book`"
    out = tmp_path_factory.mktemp("slides")
    slides.main([], out)
    return {name: (deck.deck(slides.page_of(name)), out / f"{name}.html") for name in NAMES}


@pytest.fixture
def lecture(made, visit):
    """Opens a chapter's deck as a projector shows it: ``lecture(name, slide)``."""
    opened = []

    def open_deck(name: str, slide: int = 1):
        seen = visit(made[name][1], width=1280, height=720)
        opened.append(seen)
        if slide > 1:
            seen.page.goto(f"{seen.page.url.split('#')[0]}#/slide-{slide}")
            seen.page.reload()
        seen.page.wait_for_function(f"document.querySelector('#slide-{slide}.present')")
        seen.page.wait_for_function(READY)
        return seen.page

    yield open_deck
    for seen in opened:
        errors = [m for m in seen.messages if not m.startswith(("log:", "info:"))]
        assert errors == [] and seen.foreign == []


def test_every_chapter_has_slides(made):
    chapters = [path.stem for path in (ROOT / "book").glob("*.ipynb")]
    assert sorted(NAMES) == sorted({*chapters} - {"index", "ledger"})


@pytest.mark.parametrize("name", NAMES)
def test_book_has_the_same_deck_beside_its_pages(name, made):
    here = slides.HTML / f"slides/{name}.html"
    assert here.read_text(encoding="utf-8") == made[name][1].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_deck_has_a_lectures_blocks_and_its_minutes(name, made):
    shown = made[name][0]
    kinds = [slide.kind for slide in shown]
    assert 18 <= len(kinds) <= 22
    assert (kinds[:3], kinds[-3:]) == FIXED
    assert (kinds.count("step"), kinds.count("control"), kinds.count("quiz")) == (4, 1, 1)
    bets = [number for number, kind in enumerate(kinds) if kind == "bet"]
    assert len(bets) >= 3 and all(kinds[number + 1] == "reveal" for number in bets)
    assert {"table", "figure"} & {*kinds} or "<img" in "".join(slide.body for slide in shown)
    minutes = sum(slide.minutes for slide in shown)
    assert 40 <= minutes <= LECTURE - LEFT
    text = made[name][1].read_text(encoding="utf-8")
    assert sum(map(int, re.findall(r'data-timing="(\d+)"', text))) == 60 * minutes
    notes = re.findall(
        r'<aside class="notes"><p><b>([\d.]+) min\.</b></p>(.*?)</aside>', text, re.S
    )
    assert [float(told) for told, _ in notes] == [slide.minutes for slide in shown]
    first = 3 if name == "optimizers" else 4  # whose fourth slide shows all that the page says
    assert all(slide_text.words(said) >= 5 for _, said in notes[:first])


def test_minutes_follow_from_words_and_pictures():
    body = f"<p>{'word ' * 239}</p>"
    assert deck.Slide("step", "Title", body).minutes == 2
    assert deck.Slide("step", "Title", body + '<div class="formula"></div>').minutes == 2.5
    assert deck.Slide("figure", "Title", body + "<img alt=''>").minutes == 3
    assert deck.Slide("bet", "Title", body).minutes == 2 + deck.ALLOWANCE["bet"]
    result = {"result": body}
    assert deck.Slide("reveal", "Title", meta=result).minutes == 2 + deck.ALLOWANCE["reveal"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_and_said_leads_somewhere(name, made):
    shown = {figure for slide in made[name][0] for figure in deck.NAMED.findall(slide.body)}
    for slide in made[name][0]:
        assert not slide.body.startswith('<div class="formula"'), slide.title
        said = f"{slide.body} {slide.notes}"
        named = re.findall(r"((?:Figure|Table) \d+)\b(?! of the page)", said)
        assert {*named} <= shown and " above is" not in said
        paragraphs = slide.notes.split("\n\n")
        for text, after in pairwise([*filter(str.strip, paragraphs), "."]):
            assert re.search(r"[.?!:…][*)”\s]*$", text) or "$$" in text or "$$" in after, text


@pytest.mark.parametrize("name", NAMES)
def test_no_part_of_a_bet_ends_within_the_interval_of_its_result(name, made):
    for slide in made[name][0]:
        if slide.kind != "bet" or "low" not in (meta := slide.meta):
            continue
        before, unit = f"It ends at {meta.get('ylabel')} ", meta.get("unit", "").strip()
        parts = [text.removeprefix(before).removesuffix(unit) for text, _ in hands.choices(meta)]
        told = re.findall(r"[−\d][\d.,]*", " ".join(parts).replace(",", ""))
        edges = [float(number.replace("−", "-")) for number in told]
        lower, upper = hands.interval(meta)
        fits = meta["low"] < lower or upper < meta["high"]
        assert len(edges) >= 2 and not (fits and [e for e in edges if lower <= e <= upper])


@pytest.mark.parametrize(
    ("slider", "result", "edges"),
    [
        ((0, 60, 4, False), (28.99, 29.0), [15, 30, 45]),
        ((1, 256, 4, True), (15.85, 16.05), [4, 15, 64]),
        ((1, 256, 4, True), (16, 18), [4, 15, 64]),
        ((1, 256, 4, True), (12, 16), [4, 20, 64]),
        ((8, 8000, 4, True), (451, 2355), [45, 250, 2500]),
        ((-0.2, 1, 3, False), (0.157, 0.755), [0.1, 0.8]),
        ((-0.2, 1, 3, False), (-0.15, 0.62), [0.7]),
        ((0, 1, 2, False), (0, 1), [0.5]),
    ],
)
def test_edge_goes_to_the_nearest_round_number_outside_the_interval(slider, result, edges):
    low, high, parts, log = slider
    assert hands.edges(low, high, parts, result, log=log) == edges


@pytest.mark.parametrize("name", NAMES)
def test_each_slide_fits_and_explorers_can_be_read_from_the_back(name, lecture):
    page = lecture(name)
    found, last = [], None
    while last != (last := page.evaluate(POSITION)):
        page.wait_for_function(READY)
        page.wait_for_timeout(30)
        found += page.evaluate(OUTSIDE) + page.evaluate(SMALL)
        page.keyboard.press("Space")
        page.wait_for_timeout(20)
    assert found == []
    assert page.evaluate("document.querySelectorAll('section').length - 1") == int(
        last.split(",")[0]
    )


@pytest.mark.parametrize("name", NAMES)
def test_explorer_is_moved_by_the_keyboard_and_left_by_escape(name, lecture):
    page = lecture(name, 3)
    control = page.locator("section.present [data-widget] :is(input, button)").first
    told = page.locator("section.present [data-widget] .sentence")
    before = told.inner_text()
    control.focus()
    for key in ("ArrowRight", "Home", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function(
        "(text) => document.querySelector('section.present .sentence').innerText !== text",
        arg=before,
    )
    assert page.evaluate(POSITION).startswith("2,")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#slide-4.present')")


@pytest.mark.parametrize("name", NAMES)
def test_hands_are_counted_and_stand_beside_what_the_seeds_say(name, made, lecture):
    number = next(n for n, slide in enumerate(made[name][0], 1) if slide.kind == "bet")
    page = lecture(name, number)
    second = page.locator("section.present .vote li").nth(1)
    second.locator(".more").click(click_count=3)
    page.evaluate("document.activeElement.blur()")
    for key in ("1", "2", "Shift+2", "Shift+2"):
        page.keyboard.press(key)
    page.reload()
    page.wait_for_function(f"document.querySelector('#slide-{number}.present')")
    page.keyboard.press("ArrowRight")
    outputs = page.locator("section.reveal.present .vote output")
    assert outputs.all_inner_texts()[:2] == ["1", "2"]
    shares = page.locator("section.reveal.present .share").all_inner_texts()
    assert abs(sum(int(share.split("%")[0]) for share in shares) - 100) <= 1


def test_speakers_window_has_notes_and_minutes(made, lecture):
    page = lecture(NAMES[0], 4)
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("min.").wait_for()
    assert f"{made[NAMES[0]][0][3].minutes:g} min." in notes.inner_text()


def test_sentence_that_a_slide_names_must_be_there_once():
    source = "# A\n\nOne holds. Two holds, [linked](a.md).\n\n$$a = b \\tag{1}$$\n\nOne more."
    assert slide_text.chosen(source, ["Two", "$$a"]) == [
        ["Two holds, linked."],
        ["$$a = b \\tag{1}$$"],
    ]
    for start in ("One", "Three"):
        with pytest.raises(ValueError, match="expected one sentence that begins"):
            slide_text.chosen(source, [start])


TEXT = """# A

Let $a$ be 1. Then

$$b = a , \\tag{1}$$

with $b$ small, and

$$c = b . \\tag{2}$$

On we go. So it is.
"""


def test_notes_tell_whole_sentences_with_their_formulas():
    whole = "Then \n\n$$b = a , \\tag{1}$$\n\n with $b$ small, and \n\n$$c = b . \\tag{2}$$"
    shown = slide_text.chosen(TEXT, ["Let", "Then", "$$b"])
    assert slide_text.others(TEXT, shown) == whole
    shown = slide_text.chosen(TEXT, ["Then", "$$b", "with", "$$c", "On we"])
    assert slide_text.others(TEXT, shown) == "Let $a$ be 1. So it is."
    assert slide_text.first(TEXT) == f"Let $a$ be 1. {whole}"
    assert slide_text.last(TEXT) == "On we go. So it is."
    assert slide_text.last(TEXT, 3) == f"Let $a$ be 1. {whole}\n\n On we go. So it is."
    assert slide_text.html(whole).count('<div class="formula"><math') == 2
    assert slide_text.words(slide_text.last(TEXT, 3)) == 5 + 4 + 6


def test_pointers_of_the_page_lead_somewhere_from_a_slide():
    told = "Table 1, Figure 2. Dots: the vote below. Of the dots above 2 the field above is one."
    assert slide_text.pointed(told, {"Figure 2"}, 3) == (
        "Table 1 of the page, Figure 2. Dots: the vote that follows. "
        "Of the dots above 2 the field on slide 3 is one."
    )
