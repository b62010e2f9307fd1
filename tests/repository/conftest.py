"""The package as a wheel installs it, and notebooks that run alone with it."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import colab
import notebooks


@pytest.fixture(scope="session")
def installed_wheel(tmp_path_factory) -> Path:
    """A folder that holds the package as a wheel installs it, and nothing else."""
    target = tmp_path_factory.mktemp("wheel")
    colab.install(target)
    return target


@pytest.fixture
def run_alone(installed_wheel, tmp_path, monkeypatch) -> Callable[..., nbformat.NotebookNode]:
    """Runs a notebook in a folder that holds nothing else, with the installed wheel; nothing may
    come on stderr."""
    monkeypatch.setenv("PYTHONPATH", str(installed_wheel))

    def run(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
        colab.put(notebook, tmp_path / name, installed_wheel)
        executed = notebooks.execute(tmp_path / name)
        outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
        assert [out.text for out in outputs if out.get("name") == "stderr"] == []
        return executed

    return run
