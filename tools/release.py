"""Build a release into dist/ from the committed state, and check it: `make release`.

The wheel is built first. Where HEAD is no release, a commit on top of it (not on your branch)
lets notebooks, the README and the launch buttons name that wheel and the tag; it and the
commands that publish it are printed. Everything else is built from that commit, in a tree of its
own. On the tag, where the workflow runs, HEAD is that commit and the wheel must come out with the
sha256 that the notebooks name.
"""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import sys
from pathlib import Path

import paper
import release_checks
import repository
import wheels
from page_foot import version

ROOT = Path(__file__).resolve().parents[1]
# Targets that leave a .zip or .pdf in _build/.
MADE = ("zip", "pdf", "slides", "figures")
# What is made of pages opens with the network off.
OPENED = ("book", "slides")


class NotReady(Exception):
    """Something must be put in order before a release."""


def refuse_dirty(root: Path) -> None:
    """Stop unless the tree is what is committed and the version's tag is free or here."""
    changed = wheels.git(root, "status", "--porcelain")
    if changed:
        raise NotReady(f"expected every change to be committed; found\n{changed}")
    tag = f"v{version(root)}"
    there = wheels.git(root, "tag", "--list", tag)
    if there and tag not in wheels.git(root, "tag", "--points-at", "HEAD").splitlines():
        raise NotReady(f"{tag} is the tag of another commit: raise the version in pyproject.toml")


def rewrite(root: Path, digest: str) -> None:
    """Make a tree the release's: its notebooks install the wheel of this sha256, its launch
    buttons open the tag, its citation has version and date."""
    tag = f"v{version(root)}"
    repository.install(requirement(root, digest), root)
    _replace(root / "_config.yml", r"(?m)^(  branch:) main$", rf"\1 {tag}")
    _replace(root / "README.md", r"(/blob|/[\w.-]+)/main(?=[/?])", rf"\1/{tag}")
    day = datetime.datetime.fromtimestamp(wheels.epoch(root), datetime.UTC).date()
    added = f"version: {version(root)}\ndate-released: {day}\n"
    _replace(root / "CITATION.cff", r"(?m)^(?=license:)", added)


def requirement(root: Path, digest: str) -> str:
    """What the release's notebooks give to pip."""
    address = f"https://github.com/{repository.current(root)}"
    return repository.at_release(version(root), digest, address)


def _replace(path: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, path.read_text(encoding="utf-8"))
    if not count:
        raise NotReady(f"{path.name} has nothing that matches {pattern}")
    path.write_text(text, encoding="utf-8", newline="\n")


def is_release(root: Path) -> bool:
    """Whether a tree's notebooks install a released wheel."""
    return any("#sha256=" in pip for found in repository.installing(root).values() for pip in found)


def release_tree(root: Path, built: Path) -> Path:
    """The tree that the release is built from: HEAD if it is one, else a new commit beside it."""
    wanted = requirement(root, wheels.digest(built))
    if is_release(root):
        named = set().union(*repository.installing(root).values())
        if named != {wanted}:
            raise NotReady(
                f"the wheel is not the one that is named: expected {named}, got {wanted}"
            )
        return root
    tree = root / "_build/release/tree"
    if tree.exists():
        wheels.git(root, "worktree", "remove", "--force", str(tree))
    wheels.git(root, "worktree", "prune")
    wheels.git(root, "worktree", "add", "--detach", str(tree), "HEAD")
    rewrite(tree, wheels.digest(built))
    wheels.git(tree, "commit", "--all", "--quiet", "-m", f"Release {version(root)}")
    return tree


def build_pages(tree: Path, dist: Path) -> None:
    """Build the book in a tree, and put it and what other targets make into dist/."""
    for pattern in ("*.zip", "*.pdf"):
        for old in (tree / "_build").glob(pattern):
            old.unlink()
    for name in ("book", *MADE):
        subprocess.run(["make", "-C", tree, name], check=True)
    prefix = f"gradbook-{version(tree)}"
    for pattern in ("*.zip", "*.pdf"):
        for path in (tree / "_build").glob(pattern):
            what = "book" if path.stem == paper.NAME else path.stem
            shutil.copy(path, dist / f"{prefix}-{what}{path.suffix}")


def write_checksums(dist: Path) -> None:
    """Write SHA256SUMS, which `sha256sum --check` reads."""
    files = sorted(path for path in dist.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{wheels.digest(path)}  {path.name}\n" for path in files]
    (dist / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def main(root: Path = ROOT) -> None:
    """Build and check; stops at the first thing that is not in order."""
    refuse_dirty(root)
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    built = wheels.build(dist, root)
    tree = release_tree(root, built)
    commit = wheels.git(tree, "rev-parse", "HEAD")
    wheels.build_sdist(dist, root, commit)
    build_pages(tree, dist)
    release_checks.check_metadata(dist, root / "_build/release")
    release_checks.check_wheel(built, root / "_build/release/empty")
    for what in OPENED:
        archive = dist / f"gradbook-{version(root)}-{what}.zip"
        release_checks.check_zip(archive, root / f"_build/release/{what}")
    if changed := wheels.git(tree, "status", "--porcelain"):
        raise NotReady(f"building has changed committed files:\n{changed}")
    write_checksums(dist)
    print(*sorted(path.name for path in dist.iterdir()), sep="\n")
    tag = f"v{version(root)}"
    if tree != root:
        print(f"To publish: git tag {tag} {commit} && git push origin {tag}")


if __name__ == "__main__":
    try:
        main()
    except (NotReady, release_checks.Failed) as error:
        sys.exit(f"No release: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"No release: {error}\n{error.stderr or ''}")
