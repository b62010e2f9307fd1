"""Quizzes and answers: what they refuse, and what right and wrong choices say."""

import json
import math

import pytest

from explorers import write_page
from gradbook.widgets import Answer, Quiz

QUESTIONS = {
    "What kills?": [
        ("Decay", "It takes a share of every weight.", True),
        ("Noise", "Noise takes nothing on average.", False),
    ],
    "What keeps?": [
        ("Dose", "It makes the group larger.", True),
        ("Luck", "Luck averages out.", False),
    ],
}


@pytest.fixture
def shown(visit, tmp_path):
    def show(widget):
        seen = visit(write_page(tmp_path, widget))
        seen.page.wait_for_selector('[data-widget="ready"]')
        return seen.page

    return show


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ([("a", "b", True)], "one right choice of two or more"),
        ([("a", "b", True), ("c", "d", True)], "one right choice"),
        ([("a", " ", True), ("c", "d", False)], "a text and an answer"),
    ],
)
def test_a_question_without_one_right_choice_is_refused(choices, message):
    with pytest.raises(ValueError, match=message):
        Quiz("dosage/quiz", {"Why?": choices})


def test_every_choice_is_answered_and_the_first_counts(shown):
    page = shown(Quiz("dosage/quiz", QUESTIONS))
    for question in range(2):
        asked = page.locator(f'[data-question="{question}"]')
        for text, why, right in [list(QUESTIONS.values())[question][i] for i in (question, 0)]:
            asked.get_by_label(text).check()
            said = asked.locator(".outcome")
            assert said.inner_text() == f"{'Right.' if right else 'Not so.'} {why}"
    assert page.locator(".verdict").inner_text() == "1 of 2 right at the first try."
    page.reload()
    page.wait_for_selector(".outcome")
    assert page.locator(".verdict").inner_text() == "1 of 2 right at the first try."
    page.get_by_role("button", name="Start again").click()
    assert page.locator(".outcome:visible").count() == 0


def test_a_quiz_is_turned_by_keys(shown):
    page = shown(Quiz("dosage/quiz", QUESTIONS))
    page.get_by_label("Decay").focus()
    page.keyboard.press("ArrowDown")
    assert "Noise takes nothing" in page.locator(".outcome").first.inner_text()


def test_without_javascript_the_answers_are_folded():
    still = Quiz("dosage/quiz", QUESTIONS)._repr_mimebundle_()[0]["text/html"]
    assert still.count("<details>") == 2 and "Noise takes nothing" in still


@pytest.mark.parametrize("text", ["0.5", "0,5", "1/2", "50 %", "5e-1", " .5 ", "0.5049", "0.4951"])
def test_a_right_number_is_accepted_however_it_is_written(shown, text):
    page = shown(Answer.number("dosage/half", "Which share?", 0.5, 0.01, "think of two"))
    page.get_by_label("Which share?").fill(text)
    page.keyboard.press("Enter")
    assert page.locator(".outcome").inner_text() == "Right: 0.5."


@pytest.mark.parametrize(
    ("expected", "unit", "text"),
    [
        (13863, "steps", "13,863"),
        (13863, "steps", "13,863.0 steps"),
        (1.5, "", "1,500"),
        (2e6, "rows", "2,000,000"),
        (166, "%", "166 %"),
        (166, "%", "166"),
        (-1500, "", "−1,500"),
    ],
)
def test_a_number_is_read_as_the_book_writes_it(shown, expected, unit, text):
    page = shown(Answer.number("dosage/many", "How many?", expected, 1e-4, "count", unit))
    page.get_by_label("How many?").fill(text)
    page.keyboard.press("Enter")
    assert page.locator(".outcome").inner_text().startswith("Right: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.6", "Not yet: 0.6 is too large. Hint: think of two."),
        ("-1", "Not yet: −1 is too small. Hint: think of two."),
        ("half", "Enter one number, such as 0.25, 3e-4 or 2/3."),
        ("1/0", "Enter one number, such as 0.25, 3e-4 or 2/3."),
        ("1,500", "Not yet: 1,500 is too large. Hint: think of two."),
        ("0,5,0", "Enter one number, such as 0.25, 3e-4 or 2/3."),
        ("0x1", "Enter one number, such as 0.25, 3e-4 or 2/3."),
    ],
)
def test_another_answer_gets_a_hint(shown, text, said):
    page = shown(Answer.number("dosage/half", "Which share?", 0.5, 0.01, "think of two"))
    page.get_by_label("Which share?").fill(text)
    page.get_by_role("button", name="Check").click()
    assert page.locator(".outcome").inner_text() == said


@pytest.mark.parametrize("expected", [0.0, 1e-9, -3.0, 2e7])
@pytest.mark.parametrize("tolerance", [0.0, 0.03])
def test_close_is_what_python_calls_close(shown, expected, tolerance):
    page = shown(Answer.number("dosage/x", "x?", expected, tolerance, "h"))
    for factor in (1, 1 + 0.9 * tolerance, 1 + 1.1 * tolerance, 0.5, -1):
        given = expected * factor
        page.get_by_label("x?").fill(repr(given))
        page.keyboard.press("Enter")
        right = page.locator(".outcome").inner_text().startswith("Right")
        assert right == math.isclose(given, expected, rel_tol=tolerance)


def test_a_text_opens_a_model_answer_and_is_kept(shown):
    page = shown(Answer.text("dosage/why", "Why?", "<em>Because</em>."))
    page.get_by_label("Why?").fill("Decay takes a share.")
    page.get_by_role("button", name="Compare").click()
    assert page.locator(".outcome").inner_text() == "A model answer. Because."
    found = json.loads(page.evaluate("localStorage.getItem('gradbook.answers')"))
    assert found["dosage/why"]["given"] == "Decay takes a share."


def test_bad_expectations_are_refused():
    with pytest.raises(ValueError, match="a finite number"):
        Answer.number("dosage/x", "x?", math.nan, 0.1, "h")
