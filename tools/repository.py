"""Say where the repository lives, or move its address to a fork in every file that states it.

    python tools/repository.py
    python tools/repository.py https://github.com/me/fork
    python tools/repository.py --pin [COMMIT]

`_config.yml` (repository: url) is the one source; other files repeat it where a reader must
find it written out: the notebooks' first cells, the README's links, pyproject.toml.

Notebooks and README install the package from the repository at a commit, which names its code
whoever holds the address; --pin makes that commit the last one, or COMMIT. A release's notebooks
install its wheel with the wheel's sha256.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# How a file points at a repository OWNER/NAME: on GitHub, in Colab, on Binder.
ADDRESS = r"(github\.com/|/github/|/gh/){}(?![\w-])"
# What pip is given, in a README's quotes or in those of a notebook's JSON.
INSTALLED = re.compile(r'(?<=")gradbook(?:\[notebooks\])? @ [^"\\]+')
SKIPPED = {".git", "gradbook.egg-info", ".venv", "_build", "build", "dist", "vendor", "__pycache__"}


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


def at_commit(commit: str, root: Path = ROOT) -> str:
    """What pip installs from the repository at a commit."""
    full = subprocess.run(
        ["git", "-C", root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not full:
        raise ValueError(f"expected a commit of this repository, got {commit!r}")
    return f"gradbook[notebooks] @ git+https://github.com/{current(root)}@{full}"


def at_release(version: str, digest: str, address: str) -> str:
    """What pip installs of a release: the wheel at its address, if it has this sha256."""
    wheel = f"gradbook-{version}-py3-none-any.whl"
    return f"gradbook[notebooks] @ {address}/releases/download/v{version}/{wheel}#sha256={digest}"


def installing(root: Path = ROOT) -> dict[Path, set[str]]:
    """What each notebook, and the README, gives to pip."""
    files = [root / "README.md", *sorted((root / "book").rglob("*.ipynb"))]
    return {path: set(INSTALLED.findall(path.read_text(encoding="utf-8"))) for path in files}


def install(requirement: str, root: Path = ROOT) -> list[Path]:
    """Let notebooks and README give this to pip; returns the files that changed."""
    changed = [path for path, found in installing(root).items() if found - {requirement}]
    for path in changed:
        text = INSTALLED.sub(lambda _: requirement, path.read_bytes().decode("utf-8"))
        path.write_bytes(text.encode("utf-8"))
    return changed


if __name__ == "__main__":
    try:
        if len(sys.argv) < 2:
            print(f"https://github.com/{current()}")
        elif sys.argv[1] == "--pin":
            for file in install(at_commit(sys.argv[2] if len(sys.argv) > 2 else "HEAD")):
                print(f"rewrote {file.relative_to(ROOT)}")
        else:
            for file in move(sys.argv[1]):
                print(f"rewrote {file.relative_to(ROOT)}")
    except ValueError as error:
        sys.exit(str(error))
