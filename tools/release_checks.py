"""What a release must stand before it is called one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

# Runs a program with every connection refused, then the program's own arguments.
OFFLINE = """
import runpy, socket, sys
def refuse(*_):
    raise OSError("the network is off")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = refuse
"""
USE = """
from gradbook.evidence import claims
assert claims.load(), "the wheel has no claims"
import torch
from gradbook import probes
inputs, targets = torch.eye(3), torch.ones(3, 1)
network = torch.nn.Linear(3, 1)
norms = probes.example_norms(network, inputs, targets)
gradients = probes.example_gradients(network, inputs, targets)
assert torch.allclose(norms, gradients.norm(dim=1)), (norms, gradients)
sys.argv = ["gradbook", "evidence", "status"]
runpy.run_module("gradbook", run_name="__main__")
"""


class Failed(Exception):
    """A check of the release failed."""


def _run(command: list, what: str, **options) -> str:
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        raise Failed(f"{what}:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout


def python_of(place: Path) -> Path:
    """The interpreter of a virtual environment."""
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def check_metadata(dist: Path, place: Path) -> None:
    """Let twine, in an environment of its own, check what a package index would be given."""
    venv.create(place / "twine", with_pip=True, clear=True)
    python = python_of(place / "twine")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "twine"]
    _run(pip, "twine could not be installed")
    files = [*dist.glob("*.whl"), *dist.glob("*.tar.gz")]
    if len(files) != 2:
        raise Failed(f"expected one wheel and one source archive, got {files}")
    _run([python, "-m", "twine", "check", "--strict", *files], "twine refuses the metadata")


def check_wheel(wheel: Path, place: Path, *, packages: Path | None = None) -> str:
    """Install a wheel into an empty environment and use it with the network off.

    Args:
        wheel: The wheel.
        place: Where the environment is made.
        packages: A folder with the wheel's requirements; without it pip fetches them.

    Returns:
        What ``python -m gradbook evidence status`` printed.
    """
    venv.create(place, with_pip=True, clear=True)
    python = python_of(place)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    _run([*pip, *(["--no-deps"] if packages else []), wheel], "the wheel could not be installed")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if packages:
        site = next(place.glob("[Ll]ib/**/site-packages"))
        (site / "packages.pth").write_text(str(packages), encoding="utf-8")
    where = _run(
        [python, "-c", "import gradbook; print(gradbook.__file__)"],
        "the package cannot be imported",
        env=environment,
        cwd=place,
    )
    if not Path(where.strip()).is_relative_to(place.resolve()):
        raise Failed(f"expected the installed package, got that in {where}")
    return _run(
        [python, "-c", OFFLINE + USE], "the wheel does not work", env=environment, cwd=place
    )


def check_zip(archive: Path, place: Path) -> int:
    """Unpack the pages and open each from disk with the network off; returns how many."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            return check_pages(archive, place, browser)
        finally:
            browser.close()


def check_pages(archive: Path, place: Path, browser) -> int:
    """As `check_zip`, in a Playwright browser that is running."""
    shutil.rmtree(place, ignore_errors=True)
    with zipfile.ZipFile(archive) as file:
        file.extractall(place)
    pages = sorted(place.rglob("*.html"))
    pages = [path for path in pages if "_static" not in path.relative_to(place).parts]
    if not any(path.name == "index.html" for path in pages):
        raise Failed(f"{archive.name} has no index.html")
    found: list[str] = []
    context = browser.new_context()
    context.set_offline(True)
    for path in pages:
        page = context.new_page()
        told = _listen(page, path.relative_to(place).as_posix(), found)
        page.goto(path.resolve().as_uri())
        page.wait_for_load_state("networkidle")
        if not page.title():
            told("has no title")
        page.close()
    context.close()
    if found:
        raise Failed("\n".join(found))
    return len(pages)


def _listen(page, name: str, found: list[str]):
    def told(text: str) -> None:
        found.append(f"{name}: {text}")

    local = ("file:", "blob:", "data:")
    page.on("pageerror", lambda error: told(f"error: {error}"))
    page.on("console", lambda m: told(m.text) if m.type == "error" else None)
    page.on("request", lambda r: None if r.url.startswith(local) else told(f"asks for {r.url}"))
    return told


if __name__ == "__main__":
    print(f"{check_zip(Path(sys.argv[1]), Path(sys.argv[2]))} pages open with the network off")
