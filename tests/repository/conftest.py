"""The package as a wheel installs it, and notebooks that run alone with it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import notebooks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def installed_wheel(tmp_path_factory) -> Path:
    """A folder that holds the package as a wheel installs it, and nothing else."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    # Built from a copy: setuptools would pick up what an earlier build left beside the source.
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "gradbook", source / "gradbook", ignore=shutil.ignore_patterns("__pycache__")
    )
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", source, source], check=True
    )
    (wheel,) = source.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    return target


@pytest.fixture
def run_alone(installed_wheel, tmp_path, monkeypatch) -> Callable[..., nbformat.NotebookNode]:
    """Runs a notebook in a folder that holds nothing else, with the installed wheel; nothing may
    come on stderr."""
    monkeypatch.setenv("PYTHONPATH", str(installed_wheel))

    def run(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
        where = nbformat.v4.new_code_cell(
            f"import gradbook, os\n"
            f"assert os.path.dirname(gradbook.__file__) == {str(installed_wheel / 'gradbook')!r}\n"
            f"assert os.listdir() == [{name!r}]"
        )
        notebook.cells.insert(0, where)
        nbformat.write(notebook, tmp_path / name)
        executed = notebooks.execute(tmp_path / name)
        outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
        assert [out.text for out in outputs if out.get("name") == "stderr"] == []
        return executed

    return run
