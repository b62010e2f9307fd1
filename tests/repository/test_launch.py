"""Binder, the workflows and the requirements say the same as the project's own files."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
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
    named = [*PROJECT["dependencies"], *extras["notebooks"], *extras["build"], *extras["test"]]
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


def test_binder_installs_what_the_package_needs_and_nothing_that_builds_or_tests(tmp_path):
    """Run with a `python` that says what it was asked for."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    asked = subprocess.run(
        ["bash", "binder/postBuild"],
        **{"cwd": ROOT, "env": environment, "capture_output": True, "text": True, "check": True},
    ).stdout.splitlines()
    pip = "-m pip install --no-cache-dir --constraint requirements.txt "
    assert asked == [f"{pip}setuptools", f"{pip}--no-build-isolation .[notebooks]"]


def test_notebooks_import_nothing_but_the_package_and_what_it_depends_on():
    known = {"scikit-learn": "sklearn", "lazy-loader": "lazy_loader"}
    named = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["notebooks"]]
    needed = {known.get(name, name) for name in names(named)} | {"gradbook"}
    imported = set()
    for path in (ROOT / "book").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                code = re.sub(r"^(\s*)%.*$", r"\1pass", "".join(cell["source"]), flags=re.M)
                for node in ast.walk(ast.parse(code)):
                    if isinstance(node, ast.ImportFrom):
                        imported.add(node.module.partition(".")[0])
                    elif isinstance(node, ast.Import):
                        imported |= {alias.name.partition(".")[0] for alias in node.names}
    assert "torch" in imported and imported - set(sys.stdlib_module_names) <= needed


def workflows() -> dict[str, dict]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (ROOT / ".github/workflows").glob("*.yml")
    }


def test_workflows_call_the_targets_that_a_newcomer_calls():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    called = {}
    for name, workflow in workflows().items():
        assert workflow["permissions"] == {"contents": "read"}
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        text = "\n".join(step.get("run", "") for step in steps)
        called[name] = set(re.findall(r"^make (\w+)", text, re.M))
    expected = {"pages": {"book"}, "release": {"release"}}
    expected["test"] = {"test", "variants", "nbgrader", "trainers"}
    assert called == expected | {"index": set()}
    assert set().union(*called.values()) <= targets
    assert (ROOT / ".ci/run").read_text("utf-8").rstrip().endswith("make test")


def test_notebooks_run_on_macos_and_windows():
    job = workflows()["test"]["jobs"]["notebooks"]
    assert job["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    assert "--nbval-lax" in job["steps"][-1]["run"]


def test_a_tag_is_built_attached_and_then_published():
    release = workflows()["release"]
    assert release[True] == {"push": {"tags": ["v*"]}}  # YAML reads the key `on` as true
    assert [job.get("needs") for job in release["jobs"].values()] == [None, "build", "attach"]
    assert "gh release create" in release["jobs"]["attach"]["steps"][-1]["run"]


def test_only_a_variable_of_the_repository_turns_the_package_index_on():
    (job,) = workflows()["index"]["jobs"].values()
    assert job["if"].startswith("vars.PUBLISH_TO_INDEX == 'true' && ")
    assert job["permissions"]["id-token"] == "write"
    assert not re.search(r"secrets\.|password", (ROOT / ".github/workflows/index.yml").read_text())


def test_workflow_tests_every_supported_python():
    matrix = load(".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(low), int(high))]
