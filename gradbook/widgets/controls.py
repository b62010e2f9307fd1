"""The explorers' shared controls.

anywidget takes one text of JavaScript and one of CSS. An explorer's are `controls.js` and
`controls.css` followed by its own, which therefore need to import nothing.
"""

from pathlib import Path

FOLDER = Path(__file__).parent


def with_controls(file: str) -> str:
    """The text of one of this folder's ``.js`` or ``.css`` files after that of the controls."""
    own = FOLDER / file
    return "\n".join(path.read_text("utf-8") for path in (own.with_stem("controls"), own))
