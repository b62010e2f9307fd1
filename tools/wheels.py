"""Build the package from a commit, so that the same commit gives the same bytes.

    python tools/wheels.py [FOLDER]

Files, their modes and their times come from git, not from the disk, and setuptools is the pinned
one. What stands in notebooks, the README and Jupyter Book's settings is no part of the wheel, so
these may name the wheel's own sha256.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("pyproject.toml", "LICENSE", "LICENSE-TEXT", "gradbook")
SDIST = "import sys; from setuptools import build_meta as b; print(b.build_sdist(sys.argv[1]))"


def git(root: Path, *arguments: str) -> str:
    """What a git command prints, without the last newline."""
    command = ["git", "-C", root, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip("\n")


def epoch(root: Path = ROOT, commit: str = "HEAD") -> int:
    """When a commit's package was last changed, in seconds since 1970 (UTC)."""
    changed = git(root, "log", "-1", "--format=%ct", commit, "--", *INPUTS)
    if not changed:
        raise ValueError(f"{commit} has no package: none of {', '.join(INPUTS)} was committed")
    return int(changed)


def export(root: Path, commit: str, folder: Path, *paths: str) -> None:
    """Write a commit's files into a folder, with modes 644 and 755."""
    command = ["git", "-C", root, "archive", "--format=tar", commit, *paths]
    archive = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            tar.extract(member, folder, filter="fully_trusted")
    for path in folder.rglob("*"):  # whatever umask the process has
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def build(out: Path, root: Path = ROOT, commit: str = "HEAD") -> Path:
    """Build a commit's wheel into a folder; returns the wheel."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "source")
        export(root, commit, source, *INPUTS)
        subprocess.run(
            [*pip, "--no-deps", "--no-build-isolation", "--no-cache-dir", "-w", out, source],
            check=True,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch(root, commit))},
            umask=0o022 if os.name == "posix" else -1,  # setuptools writes files of its own
        )
    (wheel,) = out.glob("*.whl")
    return wheel


def build_sdist(out: Path, root: Path = ROOT, commit: str = "HEAD") -> Path:
    """Build a commit's source archive into a folder; returns the archive."""
    with tempfile.TemporaryDirectory() as source:
        export(root, commit, Path(source))
        built = subprocess.run(
            [sys.executable, "-c", SDIST, out.resolve()],
            check=True,
            capture_output=True,
            text=True,
            cwd=source,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch(root, commit))},
        )
    return out / built.stdout.splitlines()[-1]


def digest(path: Path) -> str:
    """A file's sha256, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    wheel = build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"))
    print(f"{digest(wheel)}  {wheel}")
