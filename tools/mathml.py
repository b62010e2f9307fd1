"""A Sphinx extension: formulas become MathML when the book is built.

A page then needs no script to show a formula, and its text can be read aloud, selected and found.
A formula that cannot be converted is a warning, which `make book` takes for an error.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape

from docutils import nodes
from math_core import LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

# The font's prime is a raised one already; as an exponent it would stand too high and too small.
PRIME = re.compile(r"<msup>(<mi[^>]*>[^<]*</mi>)<mo>([′″])</mo></msup>")
TAG = re.compile(r"\s*\\tag\{(\w+)\}")
LOG = logging.getLogger(__name__)


def setup(app) -> dict:
    """Register the renderer; `html_math_renderer: mathml` chooses it."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


@cache
def converter() -> LatexToMathML:
    return LatexToMathML()


def mathml(tex: str, *, displayed: bool, location=None) -> str:
    """A formula's MathML; its TeX where it cannot be converted, after a warning."""
    try:
        formula = converter().convert_with_local_state(tex, displaystyle=displayed)
    except Exception as error:
        LOG.warning("no MathML for the formula %r: %s", tex, error, location=location)
        return escape(tex)
    return PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', formula)


def inline(self, node) -> None:
    """Write a formula within a line."""
    formula = mathml(node.astext(), displayed=False, location=node)
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate") + formula)
    self.body.append("</span>")
    raise nodes.SkipNode


def display(self, node) -> None:
    """Write a formula in a line of its own, with its number: Sphinx's, or that of its ``\\tag``."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    tex = node.astext()
    if tag := TAG.search(tex):
        tex = TAG.sub("", tex)
        self.body.append(f'<span class="eqno">({tag[1]})</span>')
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(mathml(tex, displayed=True, location=node) + "</div>\n")
    raise nodes.SkipNode
