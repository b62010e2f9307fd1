"""Scripts that the theme writes into a page become files beside it.

Learning platforms serve pages under a Content-Security-Policy of `script-src 'self'`: then a
browser runs files and nothing that stands in the page.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

SCRIPT = re.compile(
    r"<script(?P<attributes>(?:\s+data-[\w-]+=\"[^\"]*\")*)>(?P<code>.*?)</script>", re.S
)
CALL = re.compile(r'onclick="(?:window\.)?(\w+)\(\)"')


def moved_out(page: str, path: Path, root: Path) -> str:
    """A page without scripts of its own; they are written to `_static/inline`.

    Args:
        page: The HTML.
        path: Where it lies.
        root: The built book.
    """
    folder = root / "_static/inline"
    folder.mkdir(parents=True, exist_ok=True)
    up = "../" * (len(path.relative_to(root).parts) - 1)

    def file(match: re.Match) -> str:
        code = match["code"].strip()
        name = hashlib.sha256(code.encode()).hexdigest()[:12]
        (folder / f"{name}.js").write_text(code + "\n", encoding="utf-8")
        return f'<script{match["attributes"]} src="{up}_static/inline/{name}.js"></script>'

    return CALL.sub(r'data-calls="\1"', SCRIPT.sub(file, page))
