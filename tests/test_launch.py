"""Binder, the workflows and the requirements say the same as the project's own files."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins() -> dict[str, str]:
    """Package to version, from requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    entries = [line.partition(";")[0].strip() for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", entry) for entry in entries), entries
    return dict(entry.split("==") for entry in entries)


def names(entries: list[str]) -> set[str]:
    """Packages of requirements such as ``"pytest>=8"``."""
    return {re.match(r"[\w-]+", entry)[0] for entry in entries}


def load(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_requirements_pin_whatever_the_project_names():
    extras = PROJECT["optional-dependencies"]
    named = [*PROJECT["dependencies"], *extras["book"], *extras["test"]]
    missing = names(named) - set(pins())
    assert not missing, f"run `make requirements`: {missing} is not pinned"


def test_only_make_bench_installs_what_only_the_benchmarks_need():
    bench = PROJECT["optional-dependencies"]["bench"]
    # An older setuptools than the pinned one: that is why it has an environment of its own.
    assert names(bench) & set(pins()) == {"setuptools"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"^(\w+):(?:.*\n\t)+.*\[bench\b", makefile, re.M) == ["bench"]
    (recipe,) = re.findall(r"^bench:((?:.*\n\t)+.*)", makefile, re.M)
    assert "$(BIN)" not in recipe and "$(BENCH)/bin/python -m benchmarks" in recipe


def test_requirements_leave_the_build_of_torch_open():
    assert not [name for name in pins() if name.startswith(("nvidia", "cuda", "triton"))]
    assert pins()["torch"] == "2.13.0"
    assert pins()["jupyter-book"] == "1.0.4.post1"


def test_binder_has_the_pinned_torch_and_a_supported_python():
    environment = load("binder/environment.yml")
    assert f"pytorch-cpu={pins()['torch']}" in environment["dependencies"]
    assert "python=3.11" in environment["dependencies"]
    assert (ROOT / "binder/postBuild").stat().st_mode & 0o111


def test_workflows_call_the_targets_that_a_newcomer_calls():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    called = {}
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        text = "\n".join(step.get("run", "") for step in steps)
        called[path.name] = set(re.findall(r"^make (\w+)", text, re.M))
    assert called == {"test.yml": {"test", "variants"}, "pages.yml": {"book"}}
    assert {"test", "variants", "book"} <= targets
    assert (ROOT / ".ci/run").read_text("utf-8").rstrip().endswith("make test")


def test_workflow_tests_every_supported_python():
    matrix = load(".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(low), int(high))]
