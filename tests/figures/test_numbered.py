"""Numbered figures and tables: what a notebook keeps of them, and what is refused."""

import matplotlib.pyplot as plt
import pytest

from gradbook import figures


@pytest.fixture
def shown(monkeypatch):
    outputs = []

    def display(data, metadata=None, raw=False):
        assert raw
        outputs.append((data, metadata))

    monkeypatch.setattr("gradbook.figures.numbered.display", display)
    return outputs


def test_a_figure_is_a_picture_with_its_caption_as_text(shown):
    ax = plt.subplots()[1]
    before = plt.get_fignums()
    figures.show(ax, 3, "Points lie on p < λ.")
    (picture, metadata), (caption, _) = shown
    assert picture["image/png"].startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": "Points lie on p < λ."}}
    assert caption["text/html"] == (
        '<p class="gradbook-caption" id="figure-3"><strong>Figure 3.</strong> '
        "Points lie on p &lt; λ.</p>"
    )
    assert caption["text/plain"] == "Figure 3. Points lie on p < λ."
    assert len(plt.get_fignums()) == len(before) - 1


def test_a_table_reads_as_text_and_as_html(shown):
    figures.table([{"net": "own", "p/λ": 1.04}, {"net": "shared", "p/λ": "<b>"}], 1, "Thresholds.")
    (table, _), (caption, _) = shown
    assert table["text/plain"] == "net     p/λ\nown     1.04\nshared  <b>"
    assert "<td>&lt;b&gt;</td>" in table["text/html"]
    assert 'id="table-1"' in caption["text/html"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.show(plt.subplots()[1], 0, "x"), "a figure's number from 1"),
        (lambda: figures.table([{"a": 1}], 1, " "), "a table's number from 1 and a caption"),
        (lambda: figures.table([], 1, "x"), "rows of the same columns"),
        (lambda: figures.table([{"a": 1}, {"b": 1}], 1, "x"), "rows of the same columns"),
    ],
)
def test_what_cannot_be_shown_is_refused(shown, call, message):
    with pytest.raises(ValueError, match=message):
        call()
    plt.close("all")
