"""Words and pictures of a chapter page, as the design counts them."""

import re

import nbformat

SECONDS_A_PICTURE, WORDS_A_MINUTE = 15, 200
EXPLORER = re.compile(r"_explorer\(|_slide\(|_arrows\(|GrowingGarden\(\)|Panel\(")


def words(notebook: nbformat.NotebookNode) -> int:
    """Words of the Markdown, without formulas, code, HTML tags and folded solutions."""
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    for pattern in (
        r"<details>.*?</details>",
        r"\$\$.*?\$\$",
        r"\$[^$]*\$",
        r"```.*?```",
        r"`[^`]*`",
    ):
        text = re.sub(pattern, " ", text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>", " ", text)
    return len(re.findall(r"[^\W_]+(?:['’\-][^\W_]+)*", text))


def pictures(notebook: nbformat.NotebookNode) -> int:
    """Figures and explorers."""
    code = [c for c in notebook.cells if c.cell_type == "code"]
    drawn = sum("image/png" in o.get("data", {}) for c in code for o in c.outputs)
    return drawn + sum(len(EXPLORER.findall(cell.source)) for cell in code)


def minutes(notebook: nbformat.NotebookNode) -> float:
    """Reading time without the exercises."""
    return words(notebook) / WORDS_A_MINUTE + SECONDS_A_PICTURE * pictures(notebook) / 60
