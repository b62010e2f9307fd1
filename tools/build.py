"""Build the book beside the last one, and put it in its place once it is whole.

    python tools/build.py

Warnings are errors. A build that fails or is stopped leaves `_build/html` as it was.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
from pathlib import Path

from alone import alone

ROOT = Path(__file__).resolve().parents[1]
CACHE = "_build/.jupyter_cache"


def package(root: Path) -> str:
    """A fingerprint of the package and its environment, on which chapters' outputs depend."""
    digest = hashlib.sha256()
    files = [p for p in (root / "gradbook").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    for path in sorted([*files, root / "requirements.txt", root / "pyproject.toml"]):
        if path.exists():
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    installed = root / ".venv/.installed"
    digest.update(str(installed.stat().st_mtime_ns if installed.exists() else 0).encode())
    return digest.hexdigest()


def drop_outdated(root: Path) -> None:
    """Forget the executed chapters if the package has changed: their cache knows the chapters' own
    code alone."""
    stamp = root / "_build/.package"
    now = package(root)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != now:
        shutil.rmtree(root / CACHE, ignore_errors=True)
        stamp.write_text(now, encoding="utf-8")


def execute(root: Path) -> None:
    """Run the notebooks that the cache lacks side by side, one thread each.

    One that fails is not kept: rendering its page runs it again, and says what is wrong.
    """
    import yaml
    from jupyter_cache import get_cache
    from jupyter_cache.executors import load_executor

    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["execute"]
    if settings["execute_notebooks"] != "cache":
        return
    cache = get_cache(root / CACHE)
    there = [path for path in (root / "book").rglob("*.ipynb") if path.parent.name[0] != "."]
    known = [cache.add_nb_to_project(str(path)).pk for path in there]
    os.environ["OMP_NUM_THREADS"] = "1"
    told = logging.getLogger("executor")
    told.setLevel(logging.WARNING)  # at its default the pool tells of its own coming and going
    executor = load_executor("local-parallel", cache, told)
    executor.run_and_cache(filter_pks=known, timeout=settings["timeout"])


def render(root: Path, output: Path) -> bool:
    """Render all pages into a folder; whether all went well."""
    from jupyter_book.sphinx import build_sphinx

    result = build_sphinx(
        root,
        output,
        noconfig=True,
        path_config=root / "_config.yml",
        confoverrides={
            "external_toc_path": str(root / "_toc.yml"),
            "nb_execution_cache_path": str(root / CACHE),
            "latex_individualpages": False,
            "nitpicky": True,
        },
        freshenv=True,
        warningiserror=True,
        keep_going=True,
    )
    return result == 0


def add_slides(html: Path) -> None:
    """Put the chapters' decks beside their pages, where there are chapters."""
    import slides

    if names := slides.chapters():
        slides.write_all(names, html / "slides", html)


def swap(new: Path, current: Path) -> None:
    """Put a folder in another's place; the other is gone."""
    old = new.with_name("old")
    if current.exists():
        current.rename(old)
    new.rename(current)
    shutil.rmtree(old, ignore_errors=True)


def main(root: Path = ROOT) -> None:
    book = root / "_build/html"
    with alone(root, "building the book"):
        drop_outdated(root)
        beside = root / "_build/beside"
        shutil.rmtree(beside, ignore_errors=True)
        execute(root)
        if not render(root, beside / "html"):
            last = "The last book is still in" if book.exists() else "There is no book in"
            sys.exit(f"The build failed. {last} {book}.")
        add_slides(beside / "html")
        swap(beside / "html", book)
        shutil.rmtree(beside, ignore_errors=True)
    print(f"Open the book: {(book / 'index.html').as_uri()}")


if __name__ == "__main__":
    main()
