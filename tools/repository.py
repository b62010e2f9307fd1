"""Say where the repository lives, or move its address to a fork in every file that states it.

    python tools/repository.py
    python tools/repository.py https://github.com/me/fork

`_config.yml` (repository: url) is the one source; other files repeat it where a reader must
find it written out: the notebooks' first cells, the README's links, pyproject.toml.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# How a file points at a repository OWNER/NAME: on GitHub, in Colab, on Binder.
ADDRESS = r"(github\.com/|/github/|/gh/){}(?![\w-])"
SKIPPED = {".git", ".venv", "_build", "build", "dist", "vendor", "__pycache__"}


def owner_and_name(url: str) -> str:
    """OWNER/NAME of a repository's address."""
    match = re.fullmatch(r"https://github\.com/([\w-]+/[\w.-]+?)(\.git)?/?", url)
    if not match:
        raise ValueError(f"expected https://github.com/OWNER/NAME, got {url!r}")
    return match[1]


def current(root: Path = ROOT) -> str:
    """OWNER/NAME, as `_config.yml` has it."""
    config = (root / "_config.yml").read_text(encoding="utf-8")
    found = re.search(r"^repository:\n(?: .*\n)*? +url: *(\S+)$", config, re.M)
    if not found:
        raise ValueError("_config.yml states no repository: url:")
    return owner_and_name(found[1])


def texts(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Every text file of the repository, with its text."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not SKIPPED.intersection(path.relative_to(root).parts):
            try:
                yield path, path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue


def move(url: str, root: Path = ROOT) -> list[Path]:
    """Rewrite the address everywhere; returns the files that changed."""
    new = owner_and_name(url)
    old = re.compile(ADDRESS.format(re.escape(current(root))))
    changed = []
    for path, text in list(texts(root)):
        moved = old.sub(rf"\g<1>{new}", text)
        if moved != text:
            path.write_bytes(moved.encode("utf-8"))
            changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        if len(sys.argv) < 2:
            print(f"https://github.com/{current()}")
        else:
            for file in move(sys.argv[1]):
                print(f"rewrote {file.relative_to(ROOT)}")
    except ValueError as error:
        sys.exit(str(error))
