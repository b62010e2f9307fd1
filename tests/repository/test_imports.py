"""Reading and drawing load neither torch nor what measures."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def loaded_by(code: str) -> set[str]:
    """Names of the modules in a fresh Python after some code."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "gradbook",
        "gradbook.evidence.atlas",
        "gradbook.evidence.claims",
        "gradbook.figures",
        "gradbook.widgets",
    ],
)
def test_importing_loads_neither_torch_nor_probes(module):
    loaded = loaded_by(f"import {module}")
    assert module in loaded
    assert not loaded & {
        "torch",
        "gradbook.probes",
        "gradbook.training",
        "gradbook.chapters.dosage.live",
    }


def test_importing_the_package_loads_next_to_nothing():
    loaded = loaded_by("import gradbook")
    assert not loaded & {
        "numpy",
        "matplotlib",
        "anywidget",
        "gradbook.evidence.atlas",
        "gradbook.figures",
    }


def test_reading_an_atlas_file_loads_no_torch(tmp_path):
    loaded = loaded_by(
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from gradbook.evidence import atlas\n"
        f"path = Path({str(tmp_path / 'a.npz')!r})\n"
        "atlas.write(atlas.Atlas('a', {'x': np.arange(3)}, {}, [0], {}, 'f'), path)\n"
        "assert atlas.read(path)['x'].tolist() == [0, 1, 2]\n"
        "atlas.fingerprint('order')"
    )
    assert "gradbook.evidence.atlas" in loaded and "torch" not in loaded


def test_the_measuring_side_does_load_torch():
    """Else the tests above could not fail."""
    assert {"torch", "gradbook.models"} <= loaded_by("import gradbook.probes")


def test_the_probes_bring_nothing_but_torch_and_themselves():
    """So that they are there at once where torch is: each foreign module would cost its time."""
    before = loaded_by("import torch")
    added = loaded_by("import torch\nfrom gradbook import probes") - before
    foreign = {name for name in added if name.partition(".")[0] not in ("gradbook", "lazy_loader")}
    assert "gradbook.probes" in added and not foreign - set(sys.stdlib_module_names)
    assert len(added) <= 40


def test_probes_and_tracker_need_nothing_that_only_notebooks_bring(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entries = project["optional-dependencies"]["notebooks"]
    known = {"scikit-learn": "sklearn", "ipython": "IPython"}
    refused = [known.get(name, name) for name in (re.match(r"[\w-]+", e)[0] for e in entries)]
    assert "anywidget" in refused and "matplotlib" in refused
    loaded_by(f"""
import sys
sys.modules.update(dict.fromkeys({refused}))  # importing any of them is now an error
import torch
from gradbook import probes, track
from gradbook.__main__ import main
assert main([]) == 0
network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
rows, labels = torch.randn(8, 3), torch.arange(8) % 2
optimizer = torch.optim.AdamW(network.parameters())
with track.Doses(network, every=1, held=(rows, labels)) as doses:
    torch.nn.functional.cross_entropy(network(rows), labels).backward()
    optimizer.step()
track.report(doses, {str(tmp_path / "report.html")!r})
for name in probes.__all__:
    getattr(probes, name)
""")
    assert (tmp_path / "report.html").exists()
