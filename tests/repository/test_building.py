"""`make book` and `make serve`, run for real on a book of one page."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
title: Small
author: nobody
only_build_toc_files: true
execute: {execute_notebooks: "off"}
sphinx: {local_extensions: {held: .}}
"""
# A build that says that it has begun and waits for as long as it is told to.
HELD = """
import pathlib, time
def setup(app):
    pathlib.Path("begun").touch()
    while pathlib.Path("hold").exists():
        time.sleep(0.05)
"""


class Book:
    """A working tree with this repository's Makefile and tools, and one page."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "book").mkdir()
        (root / "gradbook").mkdir()
        shutil.copytree(ROOT / "tools", root / "tools")
        shutil.copy(ROOT / "Makefile", root)
        for name, text in (
            ("pyproject.toml", ""),
            ("requirements.txt", "torch==2.13.0\n"),
            ("_config.yml", CONFIG),
            ("_toc.yml", "format: jb-book\nroot: book/index\n"),
            ("held.py", HELD),
        ):
            (root / name).write_text(text, encoding="utf-8")
        self.write("The first edition.")

    def write(self, text: str) -> None:
        (self.root / "book/index.md").write_text(f"# Small\n\n{text}\n", encoding="utf-8")

    def install(self) -> None:
        """A `.venv` whose Python is the one that runs the tests."""
        python = self.root / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        (self.root / ".venv/.installed").touch()

    def make(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """Starts make, in a process group of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        return subprocess.Popen(
            ["make", f"PYTHON={sys.executable}", *arguments],
            cwd=self.root,
            env=kept | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def printed(self) -> str:
        return (self.root / "_build/html/book/index.html").read_text(encoding="utf-8")


@pytest.fixture
def book(tmp_path) -> Book:
    made = Book(tmp_path)
    made.install()
    return made


def finish(process: subprocess.Popen) -> tuple[int, str]:
    said, _ = process.communicate(timeout=90)
    return process.returncode, said


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise TimeoutError(f"expected {path} within a minute")


def test_a_failed_and_a_stopped_build_leave_the_last_book(book):
    code, said = finish(book.make("book"))
    assert code == 0 and "Open the book: file://" in said, said
    book.write("The second edition links to [nothing](nowhere.md).")
    code, said = finish(book.make("book"))
    assert code != 0 and "The build failed. The last book is still in" in said, said
    assert "The first edition." in book.printed()

    (book.root / "begun").unlink()
    (book.root / "hold").touch()
    stopped = book.make("book")
    wait_for(book.root / "begun")
    os.killpg(stopped.pid, signal.SIGKILL)
    finish(stopped)
    assert "The first edition." in book.printed()

    (book.root / "hold").unlink()
    book.write("The third edition.")
    code, said = finish(book.make("book"))
    assert code == 0 and "The third edition." in book.printed(), said


def test_notebooks_are_run_once_and_one_that_fails_stops_the_build(book):
    config = CONFIG.replace('"off"', "cache, timeout: 60, stderr_output: error")
    (book.root / "_config.yml").write_text(config, encoding="utf-8")
    toc = "format: jb-book\nroot: book/index\nchapters:\n  - file: book/counted\n"
    (book.root / "_toc.yml").write_text(toc, encoding="utf-8")

    def count(code: str) -> None:
        count_runs = "_ = open('runs', 'a').write('x')\n"
        cell = nbformat.v4.new_code_cell(count_runs + code)
        cells = [nbformat.v4.new_markdown_cell("# Counted"), cell]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), book.root / "book/counted.ipynb")

    count("print('seven times', 7)")
    code, said = finish(book.make("book"))
    assert code == 0, said
    page = (book.root / "_build/html/book/counted.html").read_text(encoding="utf-8")
    assert "seven times 7" in page
    assert (book.root / "book/runs").read_text(encoding="utf-8") == "x"
    count("1 / 0")
    code, said = finish(book.make("book"))
    assert code != 0 and "ZeroDivisionError" in said and "The build failed." in said, said


def test_of_two_builds_at_once_the_second_waits_and_says_for_whom(book):
    (book.root / "hold").touch()
    first = book.make("book")
    wait_for(book.root / "begun")
    second = book.make("book")
    said = second.stdout.readline()
    assert "Waiting: process" in said and "is building the book" in said
    assert first.poll() is None and second.poll() is None
    (book.root / "hold").unlink()
    assert finish(first)[0] == 0
    assert finish(second)[0] == 0
    assert "The first edition." in book.printed()


@pytest.mark.parametrize("there_before", [False, True])
def test_without_a_network_the_cause_is_one_sentence_and_nothing_half_made_stays(
    tmp_path, there_before
):
    book = Book(tmp_path)
    if there_before:
        subprocess.run([sys.executable, "-m", "venv", tmp_path / ".venv"], check=True)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": ""}
    quick = {"PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    code, said = finish(book.make("book", **nowhere, **quick))
    assert code != 0
    told = [line for line in said.splitlines() if not line.startswith("make")]
    assert told == [
        "No network: pip could not reach the package index (Connection refused), so the book's "
        "packages were not installed; connect and run the same command again."
    ]
    assert (tmp_path / ".venv").exists() == there_before


def test_serve_on_a_taken_port_names_a_free_one(book):
    finish(book.make("book"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = finish(book.make("serve", f"PORT={port}"))
    assert code != 0
    first = said.splitlines()[0]
    assert first.startswith(
        f"Port {port} cannot be used (Address already in use): make serve PORT="
    )
    free = int(first.rpartition("=")[2])
    served = book.make("serve", f"PORT={free}")
    try:
        assert served.stdout.readline() == (
            f"The book is at http://127.0.0.1:{free}/ until Ctrl-C\n"
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/book/index.html") as page:
            assert b"The first edition." in page.read()
    finally:
        os.killpg(served.pid, signal.SIGINT)
        finish(served)
