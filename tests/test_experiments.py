"""Building the atlas: what is kept, what is run again, what an error says; and what is shipped."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradbook import atlas

CUBES = '''
"""A job is a number; its result is its cube and some noise of a local seed."""
import os, pathlib
import numpy as np, torch

CONFIG = {"power": 3, "log": os.environ["LOG"], "seeds": [7, [1, 2]]}
JOBS = (0, 1, 2, 3)

def measure(job, config):
    pathlib.Path(config["log"], f"ran-{job}-{os.getpid()}-{os.urandom(4).hex()}").touch()
    if pathlib.Path(config["log"], f"fail-{job}").exists():
        raise FloatingPointError("the loss became nan at epoch 1, step 2")
    value = float("inf") if pathlib.Path(config["log"], f"infinite-{job}").exists() else job
    generator = torch.Generator().manual_seed(job)
    noise = torch.randn(300, 300, generator=generator)
    return {
        "cube": np.array(value ** config["power"], dtype=float),
        "noise": (noise @ noise).numpy(),
        "undefined": np.array(np.nan),
    }
'''
RUN = """
import sys
from gradbook import experiments
experiments.NAMES = ("cubes",)
experiments.build("cubes", folder="out", processes=int(sys.argv[1]), progress=False)
"""


class Workshop:
    """A copy of the package with an experiment of four jobs, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = Path(atlas.__file__).parent
        ignored = shutil.ignore_patterns("data", "widgets", "__pycache__")
        shutil.copytree(package, folder / "gradbook", ignore=ignored)
        self.write(CUBES)

    def write(self, source: str) -> None:
        path = self.folder / "gradbook" / "experiments" / "cubes.py"
        path.write_text(source, encoding="utf-8")

    def build(self, processes: int = 2) -> str:
        """Build in a fresh Python; returns what it wrote to stderr ("" if all went well)."""
        environment = os.environ | {"LOG": str(self.folder), "PYTHONPATH": str(self.folder)}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        result = subprocess.run(
            [sys.executable, "-c", RUN, str(processes)],
            **{"cwd": self.folder, "env": environment, "capture_output": True, "text": True},
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


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)


def test_two_processes_give_what_a_serial_run_gives_bit_for_bit(workshop):
    assert workshop.build(processes=2) == ""
    parallel, ran = workshop.result(), workshop.ran()
    assert workshop.build(processes=1) == ""
    serial = workshop.result()
    assert ran == workshop.ran() == ["0", "1", "2", "3"]
    assert parallel["cube"].tolist() == [0, 1, 8, 27] and parallel["noise"].shape == (4, 300, 300)
    for name in ("cube", "noise", "undefined"):
        assert parallel[name].tobytes() == serial[name].tobytes()
    assert parallel["undefined"].shape == (4,) and np.isnan(parallel["undefined"]).all()
    assert parallel.jobs == [0, 1, 2, 3] and parallel.config["seeds"] == [7, [1, 2]]
    assert list((workshop.folder / "out" / "parts").iterdir()) == []


def test_an_interrupted_build_goes_on_where_it_stopped(workshop):
    (workshop.folder / "fail-2").touch()
    assert "the loss became nan at epoch 1, step 2" in workshop.build(processes=1)
    parts = workshop.folder / "out" / "parts"
    assert workshop.ran() == ["0", "1", "2"]
    assert sorted(path.name for path in parts.iterdir()) == ["cubes-0.npz", "cubes-1.npz"]
    (workshop.folder / "fail-2").unlink()
    (parts / "cubes-1.npz").write_bytes(b"half a fi")
    assert workshop.build(processes=1) == ""
    assert workshop.ran() == ["1", "2", "3"]
    assert workshop.result()["cube"].tolist() == [0, 1, 8, 27]


def test_finished_jobs_of_other_code_or_another_config_are_run_again(workshop):
    (workshop.folder / "fail-3").touch()
    workshop.build(processes=1)
    assert workshop.ran() == ["0", "1", "2", "3"]
    workshop.write(CUBES.replace('"power": 3', '"power": 2'))
    workshop.build(processes=1)
    assert workshop.ran() == ["0", "1", "2", "3"]
    (workshop.folder / "fail-3").unlink()
    workshop.write(CUBES.replace('"power": 3', '"power": 2').replace("A job is", "Here a job is"))
    assert workshop.build(processes=1) == ""
    assert workshop.ran() == ["3"]
    assert workshop.result()["cube"].tolist() == [0, 1, 4, 9]


def test_an_infinite_number_names_experiment_job_and_array(workshop):
    (workshop.folder / "infinite-1").touch()
    error = workshop.build(processes=2)
    assert "ValueError: experiment 'cubes', job 1: cube holds infinite numbers" in error
    assert not (workshop.folder / "out/parts/cubes-1.npz").exists()


def test_an_error_in_a_job_names_experiment_and_job(workshop):
    (workshop.folder / "fail-0").touch()
    error = workshop.build(processes=1)
    assert "experiment 'cubes', job 0" in error and "at epoch 1, step 2" in error


def test_an_unknown_experiment_is_named_with_the_known_ones():
    from gradbook import experiments

    with pytest.raises(ValueError, match=r"of \['explorer', 'agreement', 'order'\], got 'weather'"):
        experiments.build("weather")


def test_the_command_line_tells_what_is_up_to_date(workshop):
    command = [sys.executable, "-m", "gradbook", "atlas", "status"]
    environment = os.environ | {"PYTHONPATH": str(workshop.folder)}
    options = {"cwd": workshop.folder, "env": environment, "capture_output": True, "text": True}
    missing = subprocess.run(command, **options)
    assert missing.returncode == 1
    assert "order: expected results in" in missing.stdout
    assert "`python -m gradbook atlas build order`" in missing.stdout


def test_what_builds_is_json():
    """Else a part's configuration would never equal the one it is compared with."""
    from gradbook.experiments import agreement, explorer, order

    for experiment in (agreement, explorer, order):
        assert json.loads(json.dumps(experiment.CONFIG)) == experiment.CONFIG
        assert json.loads(json.dumps(experiment.JOBS)) == list(experiment.JOBS)
