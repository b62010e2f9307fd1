"""What the book's extension makes of a notebook's outputs: stills, captions, links to both."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
WIDGET = "application/vnd.jupyter.widget-view+json"
CAPTION = '<p class="gradbook-caption" id="figure-1"><strong>Figure 1.</strong> Where p &lt; λ.</p>'
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
CONF = f"""
import sys
sys.path.insert(0, {str(TOOLS)!r})
extensions = ["myst_nb", "outputs"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
nitpicky = True
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    v4 = nbformat.v4
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    outputs = [
        v4.new_output("display_data", {WIDGET: {"model_id": "a"}, "text/html": "<b>still</b>"}),
        v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure 1>"}),
        v4.new_output("display_data", {"text/html": CAPTION, "text/plain": "Figure 1."}),
    ]
    cells = [
        v4.new_markdown_cell(
            "# A\n\n[Figure 1](#figure-1) obeys [equation (2)](#equation-2), as does "
            "[the other](b.md#equation-3).\n\n$$a = b \\tag{2}$$"
        ),
        v4.new_code_cell("show()", outputs=outputs),
    ]
    language = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(v4.new_notebook(cells=cells, metadata=language), source / "index.ipynb")
    (source / "b.md").write_text("---\norphan: true\n---\n# B\n\n$$c = d \\tag{3}$$\n")
    (source / "conf.py").write_text(CONF)
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-n", "-b", "html", source, built], check=True
    )
    return (built / "index.html").read_text(encoding="utf-8")


def test_a_widget_and_its_still_are_both_there(page):
    view, still = page.index("widget-view+json"), page.index("<b>still</b>")
    assert view < still and page.count("<b>still</b>") == 1


def test_a_picture_is_described_by_its_caption(page):
    assert 'alt="Where p &lt; λ."' in page and 'id="figure-1"' in page


def test_figures_and_equations_are_linked_to_by_number(page):
    for target in ("#figure-1", "#equation-2", "b.html#equation-3"):
        assert f'href="{target}"' in page
    assert 'id="equation-2"' in page
