"""Widgets' code and data become files beside the pages, each once, however many pages show it.

A page asks for a widget's parts when it comes near the screen. They are classic scripts, which hand
their value to the host: the one form that loads from disk, where browsers refuse modules and
`fetch`, and under a policy of `script-src 'self'`, which refuses blobs.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

STATE = re.compile(
    r'(<script type="application/vnd\.jupyter\.widget-state\+json">)(.*?)(</script>)', re.S
)
EXPORT = re.compile(r"^export default ", re.M)
IMPORT = re.compile(r"""^(import\b[^\n]*["']|export (?!default ))""", re.M)
FOLDER = "_static/widgets"
SCRIPT = "/* Built from "
"""How a text begins that is run and not read: its part is a function, which no policy forbids."""
LONG = 400
"""Characters of a text that is worth a file: a style, an engine, a picture."""


def moved_out(page: str, root: Path) -> str:
    """A page whose widgets' modules, styles and buffers are files; the state names them.

    Args:
        page: The HTML, with at most one state of its widgets.
        root: The built book, in whose `_static/widgets` the files go.

    Raises:
        ValueError: A module has imports, exports something but its default, or has none.
    """

    def files(match: re.Match) -> str:
        state = json.loads(match[2])
        for record in state["state"].values():
            model = record["state"]
            if "_esm" in model:
                model["_esm"] = {"part": written(f"() => {{{function(model['_esm'])}}}", root)}
            for name, value in model.items():
                if isinstance(value, str) and value.startswith(SCRIPT):
                    model[name] = {"part": written(f"() => {{\n{value}}}", root)}
                elif isinstance(value, str) and len(value) > LONG:
                    model[name] = {"part": written(json.dumps(value), root)}
            for buffer in record.get("buffers", []):
                buffer["data"] = {"part": written(json.dumps(buffer["data"]), root)}
        return match[1] + json.dumps(state).replace("</", "<\\/") + match[3]

    return STATE.sub(files, page)


def function(module: str) -> str:
    """The body of a function that returns a module's default export."""
    exports = EXPORT.findall(module)
    if len(exports) != 1 or IMPORT.search(module):
        raise ValueError(
            "expected a module with a default export alone and no import, got "
            f"{len(exports)} default exports in {module[:60]!r}…"
        )
    return f'"use strict";\n{EXPORT.sub("const exported = ", module)}\nreturn exported;\n'


def written(value: str, root: Path) -> str:
    """The name of a part that holds a JavaScript value; its file is there afterwards."""
    name = hashlib.sha256(value.encode()).hexdigest()[:12]
    path = root / FOLDER / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'gradbookPart("{name}", {value});\n', encoding="utf-8")
    return name
