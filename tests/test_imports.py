"""Reading and drawing load neither torch nor what measures."""

import subprocess
import sys

import pytest


def loaded_by(code: str) -> set[str]:
    """Names of the modules in a fresh Python after some code."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["gradbook", "gradbook.atlas", "gradbook.claims", "gradbook.figures", "gradbook.widgets"],
)
def test_importing_loads_neither_torch_nor_probes(module):
    loaded = loaded_by(f"import {module}")
    assert module in loaded
    assert not loaded & {"torch", "gradbook.probes", "gradbook.training", "gradbook.experiments"}


def test_importing_the_package_loads_next_to_nothing():
    loaded = loaded_by("import gradbook")
    assert not loaded & {"numpy", "matplotlib", "anywidget", "gradbook.atlas", "gradbook.figures"}


def test_reading_an_atlas_file_loads_no_torch(tmp_path):
    loaded = loaded_by(
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from gradbook import atlas\n"
        f"path = Path({str(tmp_path / 'a.npz')!r})\n"
        "atlas.write(atlas.Atlas('a', {'x': np.arange(3)}, {}, [0], {}, 'f'), path)\n"
        "assert atlas.read(path)['x'].tolist() == [0, 1, 2]\n"
        "atlas.fingerprint('order')"
    )
    assert "gradbook.atlas" in loaded and "torch" not in loaded


def test_the_measuring_side_does_load_torch():
    """Else the tests above could not fail."""
    assert {"torch", "gradbook.training"} <= loaded_by("import gradbook.probes")
