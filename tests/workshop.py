"""A copy of the package with an experiment of its own, for tests that run or change experiments."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import gradbook
from gradbook.evidence import atlas

CUBES = '''
"""A job is a number; its result is its cube and some noise of a local seed."""
import os, pathlib, signal
import numpy as np, torch

CONFIG = {"power": 3, "log": os.environ["LOG"], "seeds": [7, [1, 2]]}
JOBS = (0, 1, 2, 3)
UNDEFINED = ("undefined",)

def measure(job, config):
    pathlib.Path(config["log"], f"ran-{job}-{os.getpid()}-{os.urandom(4).hex()}").touch()
    wanted = lambda what: pathlib.Path(config["log"], f"{what}-{job}").exists()
    if wanted("fail"):
        raise FloatingPointError("the loss became nan at epoch 1, step 2")
    if wanted("break"):
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    if wanted("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    value = float("inf") if wanted("infinite") else float("nan") if wanted("nan") else job
    generator = torch.Generator().manual_seed(job)
    noise = torch.randn(300, 300, generator=generator)
    return {
        "cube": np.array(value ** config["power"], dtype=float),
        "noise": (noise @ noise).numpy(),
        "undefined": np.array(np.nan),
    }
'''
FACE = '''"""Cubes."""
ORDER = 9
NOTEBOOK = "cubes"
'''
EFFECTS = "def cube(results):\n    return results['cube']\n"
CLAIM = """
[[claims]]
id = "cubes-grow"
sentence = "Cubes grow."
quote = "words"
kind = "does"
source_words = "words"
source = "nowhere, paragraph 1"
chapter = "cubes"
section = "Cubes"
experiment = "cubes"
[[claims.criteria]]
measure = "R²"
quantity = "it"
scale = "real"
basis = "set first"
holds = [1, inf]
fails = [-inf, 0]
effect = "cube"
"""
WAITING = """
[[claims]]
id = "clouds-rain"
sentence = "Clouds rain."
quote = "words"
kind = "does"
source_words = "words"
source = "nowhere, paragraph 2"
chapter = "cubes"
[[claims.criteria]]
measure = "rain, in millimetres"
quantity = "it"
scale = "real"
basis = "set first"
holds = [1, inf]
fails = [-inf, 0]
"""
RUN = """
import sys
from gradbook.evidence import engine
engine.run("cubes", folder="out", processes=int(sys.argv[1]), progress=False)
"""

RUN_ON_DASK = """
import dask
from distributed import LocalCluster
from gradbook.evidence import engine
if __name__ == "__main__":
    dask.config.set({"distributed.scheduler.allowed-failures": 1})
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(processes=True, **options) as cluster:
        engine.run("cubes", folder="out", dask=cluster.scheduler_address, progress=False)
"""


class Workshop:
    """A copy of the package with an experiment of four jobs, in a folder of its own.

    A folder that holds one already is taken as it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chapter = folder / "gradbook" / "chapters" / "cubes"
        if self.chapter.exists():
            return
        package = Path(gradbook.__file__).parent
        ignored = shutil.ignore_patterns("data", "widgets", "__pycache__")
        shutil.copytree(package, folder / "gradbook", ignore=ignored)
        (self.chapter / "experiments").mkdir(parents=True)
        (self.chapter / "experiments" / "__init__.py").touch()
        self.write(CUBES)
        for name, text in (("__init__.py", FACE), ("effects.py", EFFECTS)):
            (self.chapter / name).write_text(text, encoding="utf-8")
        (self.chapter / "claims.toml").write_text(CLAIM + WAITING, encoding="utf-8")

    def write(self, source: str) -> None:
        path = self.chapter / "experiments" / "cubes.py"
        path.write_text(source, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        settings = {"LOG": str(self.folder), "PYTHONPATH": str(self.folder)}
        return os.environ | settings | {"PYTHONDONTWRITEBYTECODE": "1"}

    def build(self, processes: int = 2, *, dask: bool = False) -> str:
        """Run in a fresh Python; returns what it wrote to stderr ("" if all went well)."""
        script = self.folder / "run.py"  # Dask's processes start from a file
        script.write_text(RUN_ON_DASK if dask else RUN, encoding="utf-8")
        result = subprocess.run(
            [sys.executable, str(script), str(processes)],
            **{"cwd": self.folder, "env": self.environment(), "capture_output": True, "text": True},
        )
        assert (result.returncode == 0) == (self.folder / "out/cubes.npz").exists()
        return result.stderr if result.returncode else ""

    def ran(self) -> list[str]:
        """Jobs that ran since the last call, in order of their number."""
        found = sorted(self.folder.glob("ran-*"))
        for path in found:
            path.unlink()
        return [path.name.split("-")[1] for path in found]

    def result(self) -> atlas.Atlas:
        """The file; the next build starts without it."""
        path = self.folder / "out" / "cubes.npz"
        found = atlas.read(path)
        path.unlink()
        return found
