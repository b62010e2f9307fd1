"""A Sphinx extension: each page's foot says its version, its licences and where errata are."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOOT = (
    '<p>Version {version}. <a href="{errata}">Errata</a>. Text and figures: '
    '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>. Code: '
    '<a rel="license" href="https://spdx.org/licenses/BSD-3-Clause.html">BSD-3-Clause</a>.</p>'
)


def version(root: Path = ROOT) -> str:
    """The project's version, as pyproject.toml has it."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["version"]


def shown_version(root: Path = ROOT) -> str:
    """The version, with the commit where the release of that version is another one or none."""
    described = subprocess.run(
        ["git", "-C", root, "describe", "--tags", "--always", "--exclude=*", "--dirty"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    released = subprocess.run(
        ["git", "-C", root, "tag", "--points-at", "HEAD", f"v{version(root)}"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not described or (released and not described.endswith("-dirty")):
        return version(root)
    return f"{version(root)}, commit {described}"


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", _read_version)
    app.connect("html-page-context", add_foot)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read_version(app) -> None:
    app.shown_version = shown_version(Path(app.srcdir))


def add_foot(app, pagename, templatename, context, doctree) -> None:
    """Give the theme this page's foot."""
    errata = context["pathto"]("book/errata")
    context["theme_extra_footer"] = FOOT.format(version=app.shown_version, errata=errata)
