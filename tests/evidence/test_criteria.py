"""Claims as data: what a file of them may hold, and what is named when it is malformed."""

import pytest

from gradbook.evidence import claims

GOOD = """
[[claims]]
id = "a"
sentence = "A."
quote = "a"
kind = "does"
source_words = "a"
source = "gradient-dosage, paragraph 1"
chapter = "minibatch_sensitivity"
section = "S"
experiment = "order"
cases = { change = ["order", "minibatches"] }
source_case = { change = "order" }
[[claims.criteria]]
measure = "m"
quantity = "m"
scale = "positive"
basis = "repeated"
holds = [0.5, inf]
fails = [-inf, 0.1]
effect = "distance"
"""


def written(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_cases_are_all_combinations(tmp_path):
    text = GOOD.replace("\ncases = {", '\ncases = { epoch = [1, 2], biases = ["x"],')
    (claim,) = claims.load(written(tmp_path, text))
    assert len(claim.cases) == 4
    assert claim.cases[0] == {"epoch": 1, "biases": "x", "change": "order"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("holds = [0.5, inf]", "holds = [0.05, inf]", "expected regions that do not meet"),
        ("holds = [0.5, inf]", "holds = [0.5]", r"expected a region \[low, high\]"),
        ('effect = "distance"', 'effect = "nonsense"', "a function of the effects of 'minibatch'"),
        ('effect = "distance"', "", "expected an effect in every criterion"),
        ('experiment = "order"', "", "expected an effect in every criterion"),
        ('section = "S"', "", "expected the section that settles it"),
        ('sentence = "A."', "", "sentence"),
        ('kind = "does"', 'kind = "may"', "expected a kind of"),
        ('scale = "positive"', 'scale = "size"', "expected a scale of"),
        ('basis = "repeated"', 'basis = "guessed"', "expected a basis of"),
        ('source_case = { change = "order" }', "source_case = { a = 1 }", "expected a source_case"),
        ('id = "a"', 'id = "a"\nverdict = "holds"', "verdict"),
    ],
)
def test_a_malformed_claim_is_named(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=f"claim 'a' in .*{message}"):
        claims.load(written(tmp_path, GOOD.replace(old, new)))


def test_an_id_is_given_once(tmp_path):
    with pytest.raises(ValueError, match=r"claim 'a' in .*: the id is taken"):
        claims.load(written(tmp_path, GOOD + GOOD))


def test_a_claim_of_a_source_is_quoted_and_one_of_this_book_is_not(tmp_path):
    own = GOOD.replace('source = "gradient-dosage, paragraph 1"', 'source = "this book"')
    unquoted = own.replace('quote = "a"\n', "")
    without = GOOD.replace('source_words = "a"\n', "")
    for text in (own, unquoted, without, without.replace('quote = "a"\n', "")):
        with pytest.raises(ValueError, match="expected a quote and source_words of the source"):
            claims.load(written(tmp_path, text))
    (claim,) = claims.load(written(tmp_path, unquoted.replace('source_words = "a"\n', "")))
    assert claim.source == claims.OWN
