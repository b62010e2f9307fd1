"""The repository's address is stated in `_config.yml` and agrees wherever it is repeated."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import metadata
import repository

ROOT = Path(__file__).resolve().parents[2]
ANY_REPOSITORY = re.compile(repository.ADDRESS.format(r"([\w-]+/[\w.-]*\w)"))
# Examples and placeholders; other people's repositories that the text links to belong here too.
OTHERS = {"me/fork", "OWNER/NAME"}


def addresses(root: Path) -> dict[str, set[Path]]:
    """OWNER/NAME of every repository pointed at, with the files; tests make some up."""
    found: dict[str, set[Path]] = {}
    for path, text in repository.texts(root):
        if (inside := path.relative_to(root)).parts[0] != "tests":
            # A picture in a notebook is letters and slashes that may spell anything.
            for match in ANY_REPOSITORY.finditer(re.sub(r'"image/png": "[^"]*"', "", text)):
                found.setdefault(match[2].removesuffix(".git"), set()).add(inside)
    return found


@pytest.fixture
def fork(tmp_path) -> Path:
    ignored = shutil.ignore_patterns(*repository.SKIPPED, "*.npz", ".*cache")
    return shutil.copytree(ROOT, tmp_path / "fork", ignore=ignored)


def test_every_file_states_the_same_address():
    found = addresses(ROOT)
    assert set(found) - OTHERS == {repository.current()}, found
    stated_in = {path.name for path in found[repository.current()]}
    assert {"_config.yml", "pyproject.toml", "README.md"} <= stated_in
    assert {path.name for path in (ROOT / "book").rglob("*.ipynb")} <= stated_in


def test_one_command_moves_every_address_and_nothing_else(fork):
    before = dict(repository.texts(fork))
    old = repository.current(fork)
    command = [sys.executable, fork / "tools/repository.py"]
    for new in ("some-one/an.other", old):
        subprocess.run([*command, f"https://github.com/{new}/"], check=True)
        assert set(addresses(fork)) - OTHERS == {new}
        assert repository.current(fork) == new
    after = dict(repository.texts(fork))
    assert [path for path in before if after.get(path) != before[path]] == []
    assert set(after) == set(before)


def test_the_workflow_that_publishes_moves_every_address_to_its_own_repository(fork):
    """Run as GitHub runs it, before the book is built."""
    workflow = yaml.safe_load((fork / ".github/workflows/pages.yml").read_text(encoding="utf-8"))
    steps = [step.get("run", "") for step in workflow["jobs"]["build"]["steps"]]
    (moving,) = [step for step in steps if "repository.py" in step]
    assert steps.index(moving) < steps.index("make book")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"GITHUB_REPOSITORY": "Some-one/a-fork", "PATH": path}
    subprocess.run(["bash", "-c", moving], cwd=fork, env=environment, check=True)
    assert set(addresses(fork)) - OTHERS == {"Some-one/a-fork"}
    here = metadata.pages_address(repository.current(fork))
    assert here == "https://some-one.github.io/a-fork/"


@pytest.mark.parametrize("url", ["github.com/me/fork", "https://github.com/me", "", "me/fork"])
def test_an_address_that_is_no_repository_is_refused(fork, url):
    with pytest.raises(ValueError, match=r"expected https://github\.com/OWNER/NAME, got"):
        repository.move(url, fork)
