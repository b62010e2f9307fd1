"""A Sphinx extension for what notebooks put out: stills, captions, and links to both.

- A widget's output holds its still as HTML beside it, of which myst-nb would show one. Both stand
  in the page: who has JavaScript sees the widget, who has none the still.
- A picture that `gradbook.figures.show` put out gets its caption's text as alternative text.
- ``[Figure 3](#figure-3)`` in Markdown finds a caption in an output, and ``[equation
  (2)](#equation-2)`` the mathematics that ends in ``\\tag{2}``.
"""

import html
import re

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

WIDGET, HTML = "application/vnd.jupyter.widget-view+json", "text/html"
NUMBERED = re.compile(r'id="((?:figure|table|claim)-[\w-]+)"')
CAPTION = re.compile(
    r'<p class="gradbook-caption" id="figure-\d+"><strong>.*?</strong> (.*)</p>', re.S
)
TAG = re.compile(r"\\tag\{(\w+)\}")


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_transform(Anchors)
    app.add_transform(AlternativeTexts)
    app.add_post_transform(Stills)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class Anchors(SphinxTransform):
    """What is numbered in a page can be linked to, from here and from other pages."""

    default_priority = 870  # before MyST resolves links to anchors, at 879

    def apply(self, **kwargs) -> None:
        """Add the page's captions and tagged formulas to the slugs that MyST knows."""
        slugs = getattr(self.document, "myst_slugs", {})
        for node in self.document.findall(nodes.raw):
            for name in NUMBERED.findall(node.astext()):
                slugs[name] = (node.line or 0, name, name.replace("-", " ").capitalize())
        for node in self.document.findall(nodes.math_block):
            if tag := TAG.search(node.astext()):
                name = f"equation-{tag[1]}"
                node["ids"].append(name)
                slugs[name] = (node.line or 0, name, f"Equation ({tag[1]})")
        if slugs:
            self.document.myst_slugs = slugs
            self.env.metadata[self.env.docname]["myst_slugs"] = slugs


class AlternativeTexts(SphinxTransform):
    """A picture with a caption is described by it."""

    default_priority = 870

    def apply(self, **kwargs) -> None:
        """Give each image the text of the caption that follows it."""
        image = None
        for node in self.document.findall():
            if isinstance(node, nodes.image):
                image = node
                continue
            caption = isinstance(node, nodes.raw) and CAPTION.search(node.astext())
            if image is not None and caption:
                image["alt"] = html.unescape(re.sub("<[^>]+>", "", caption[1]))
                image = None


class Stills(SphinxPostTransform):
    """A widget and its still are both shown."""

    default_priority = 3  # before myst-nb selects one of a bundle's types, at 4

    def run(self, **kwargs) -> None:
        """Put each still behind the view of its widget."""
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            types = {child["mime_type"]: child for child in bundle.children}
            if WIDGET in types and HTML in types:
                types[WIDGET].extend(types[HTML].children)
                bundle.remove(types[HTML])
