"""The explorers' shared controls.

anywidget takes one text of JavaScript and one of CSS. An explorer's are `controls.js` and
`controls.css` followed by its own, which therefore need to import nothing.

Every widget on a page brings the shared sheets once more, after the sheets of the widgets above
it. `@scope` lets the rule of the nearer root win among equally specific ones, whatever their
order: a widget's own (body) over what some share (the root), and that over `controls.css` (none).
"""

from pathlib import Path

FOLDER = Path(__file__).parent


def with_controls(file: str | Path, *shared: str) -> str:
    """The text of a ``.js`` or ``.css`` file after that of the controls.

    Args:
        file: Its name in this folder, or its path.
        *shared: Names, without ending, of further files of this folder that stand between the two.
    """
    own = FOLDER / file
    controls, *between = [FOLDER / f"{stem}{own.suffix}" for stem in ("controls", *shared)]
    texts = [path.read_text("utf-8") for path in (controls, *between, own)]
    if own.suffix == ".css":
        texts[1:-1] = [within(":root", text) for text in texts[1:-1]]
        texts[-1] = within("body", texts[-1])
    return "\n".join(texts)


def within(root: str, css: str) -> str:
    """A style sheet whose rules hold inside ``root``."""
    return f"@scope ({root}) {{\n{css}}}\n"
