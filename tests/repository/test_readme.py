"""The README: five readers in their order, and no command that does not work."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import lab
import picture
import repository
from gradbook import __main__ as command_line

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
LINES = [
    line.partition(" #")[0].strip()
    for language, block in BLOCKS
    if language == "bash"
    for line in block.splitlines()
]
MAKE = sorted(
    {line for line in LINES if line.startswith("make ")}
    | {*re.findall(r"`(make [a-z]+(?: [A-Z]+=[^`\s]+)?)`", README)}
)
EVIDENCE = [line for line in LINES if " -m gradbook " in line]
PIP = [line for line in LINES if re.match(r"(\.venv/bin/)?pip install ", line)]
VENV, BUILD, LAB = (
    "python3 -m venv .venv",
    ".venv/bin/jupyter-book build .",
    ".venv/bin/jupyter lab book",
)
OTHERS = {LINES[0], VENV, BUILD, LAB}
# What takes seconds is run here, in a clone. What needs minutes or a network is run by CI, or its
# program is by a test beside this one.
QUICK = {"course", "help", "pin", "repository"}
SLOW = {
    "bench": "test_benchmarks.py",
    "book": "repository/test_building.py",
    "confirm": "evidence/test_confirm.py",
    "figures": "repository/test_figures_zip.py",
    "notebooks": "repository/test_notebooks.py",
    "pdf": "pages/test_paper.py",
    "release": "repository/test_release.py",
    "requirements": "repository/test_launch.py",
    "serve": "repository/test_building.py",
    "slides": "pages/test_slides.py",
    "test": "repository/test_launch.py",
    "variants": "repository/test_launch.py",
    "zip": "pages/test_paper.py",
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """What the first line of the README makes, from this repository."""
    place = tmp_path_factory.mktemp("readme")
    first = LINES[0].replace(f"https://github.com/{repository.current()}", str(ROOT))
    subprocess.run(["bash", "-c", f"{first} && test -s Makefile"], check=True, cwd=place)
    shutil.copy(ROOT / "Makefile", place / "gradbook")  # as they are now, committed or not
    shutil.copytree(ROOT / "tools", place / "gradbook/tools", dirs_exist_ok=True)
    return place / "gradbook"


@pytest.fixture(scope="module")
def environment(clone) -> Path:
    """The clone with its `.venv` as the README makes it, which sees the packages that are here."""
    subprocess.run([sys.executable, *VENV.split()[1:]], check=True, cwd=clone)
    (site,) = (clone / ".venv").glob("[Ll]ib/**/site-packages")
    here = sysconfig.get_path("purelib")
    line = f"import sys; sys.path.insert(1, {here!r})\n"  # before venv's own setuptools
    (site / "packages.pth").write_text(line, encoding="utf-8")
    for script in Path(sysconfig.get_path("scripts")).glob("jupyter*"):
        text = script.read_text(encoding="utf-8")
        moved = clone / ".venv/bin" / script.name
        moved.write_text(re.sub(r"\A#!.*", f"#!{clone}/.venv/bin/python", text), encoding="utf-8")
        moved.chmod(0o755)
    (clone / ".venv/.installed").touch()
    return clone


def run(command: str, clone: Path, **variables: str) -> str:
    """What a line of the README says in the clone, with no package index to ask."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    kept |= {"PATH": f"{clone}/.venv/bin:{kept['PATH']}", "PIP_NO_INDEX": "1"}
    kept |= {"PIP_NO_BUILD_ISOLATION": "0"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=clone, env=kept | variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_five_readers_come_in_their_order():
    readers = ["Read", "Play", "Teach", "Use it on your own network", "Contribute"]
    assert re.findall(r"^## (.+)$", README, re.M) == [*readers, "Cite it"]
    linked = re.findall(r"\[[^\]]+\]\(#([\w-]+)\)", README)
    assert linked == [name.lower().replace(" ", "-") for name in readers]


def test_each_line_is_of_a_kind_that_is_tested():
    assert set(LINES) - set(MAKE) - set(EVIDENCE) - set(PIP) - OTHERS == set()


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_how(clone, command):
    """Every target is there, and each file that its recipe calls."""
    shown = subprocess.run(
        ["bash", "-c", f"{command} --dry-run"], cwd=clone, capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    called = re.findall(r"\b(?:tools|tests)/[\w/.]+", shown.stdout)
    assert [path for path in called if not (clone / path).exists()] == []


@pytest.mark.parametrize("command", [c for c in MAKE if c.split()[1] in QUICK])
def test_make_does_what_takes_seconds(environment, command):
    said = run(command, environment)
    if "URL=" in command:
        assert repository.current(environment) == "me/fork"
        subprocess.run(["git", "checkout", "-q", "."], cwd=environment, check=True)
    assert "make book" in said or "help" not in command
    assert "course" not in command or (environment / "_build/course/student").is_dir()


def test_make_that_takes_minutes_is_run_elsewhere():
    assert QUICK | set(SLOW) == {command.split()[1] for command in MAKE}
    assert [name for name in SLOW.values() if not (ROOT / "tests" / name).exists()] == []


def test_five_commands_lead_from_a_clone_to_a_changed_chapter(clone):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"^```bash\n(.*?)^```$", text, re.M | re.S)[1]
    commands = [line.partition(" #")[0].strip() for line in block.splitlines()]
    assert commands[0] == LINES[0] and commands[2:4] == [PIP[2], ".venv/bin/jupyter lab book"]
    assert [commands[1], *commands[4:]] == ["make venv", "make notebooks"]
    for command in ("make venv", "make notebooks"):
        subprocess.run([*command.split(), "--dry-run"], cwd=clone, check=True, capture_output=True)


def test_evidence_is_up_to_date_in_a_clone(environment):
    """The clone lies in a folder of the package's own name."""
    (line,) = [line for line in EVIDENCE if line.endswith("evidence status")]
    said = run(line, environment).splitlines()
    assert said[0].endswith(": up to date") and not [one for one in said if "other code" in one]


@pytest.mark.parametrize("line", [line for line in EVIDENCE if not line.endswith(" status")])
def test_evidence_is_up_to_date_when_asked(line, capsys):
    assert command_line.main(line.partition(" -m gradbook ")[2].split()) == 0
    assert "up to date" in capsys.readouterr().out


def test_pip_is_given_what_there_is():
    expected = [
        ".venv/bin/pip install -r requirements.txt",
        ".venv/bin/pip install --no-deps -e .",
        ".venv/bin/pip install jupyterlab",
        f'pip install "{"".join(repository.installing(ROOT)[ROOT / "README.md"])}"',
    ]
    assert expected == PIP


@pytest.mark.parametrize("line", PIP)
def test_pip_installs_it(environment, line):
    """From here in place of the placeholder, and with the packages that are here."""
    if "git+" in line and git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone does not have the commit that the README names")
    key = f"url.file://{ROOT}.insteadOf"
    moved = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key}
    address = f"https://github.com/{repository.current()}"
    run(line, environment, **moved, GIT_CONFIG_VALUE_0=address)
    if "gradbook" in line or "-e ." in line:
        run("cd / && python -c 'from gradbook.evidence import claims; claims.load()'", environment)


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_jupyter_book_builds_without_make(environment):
    """One page in place of all, which take minutes."""
    toc = environment / "_toc.yml"
    whole = toc.read_text(encoding="utf-8")
    toc.write_text("format: jb-book\nroot: book/errata\n", encoding="utf-8")
    try:
        run(BUILD, environment)
    finally:
        toc.write_text(whole, encoding="utf-8")
    assert "<h1>Errata" in (environment / "_build/html/book/errata.html").read_text("utf-8")


def test_jupyterlab_opens_on_the_book(environment, tmp_path):
    folders = {f"JUPYTER_{name}": str(tmp_path / name) for name in lab.FOLDERS}
    server = subprocess.Popen(
        [*LAB.split(), *lab.OPTIONS],
        cwd=environment,
        env=os.environ | folders,
        stderr=subprocess.PIPE,
        text=True,
    )
    waited = threading.Timer(120, server.kill)  # it lives and does not say the line
    waited.start()
    try:
        said = []
        for line in server.stderr:
            said.append(line)
            if "Serving notebooks from local directory" in line:
                break
        assert str(environment / "book") in said[-1], "".join(said)
    finally:
        waited.cancel()
        server.send_signal(signal.SIGTERM)
        server.communicate()


def test_python_of_the_readme_runs_and_prints_a_cosine(capsys):
    (block,) = [block for language, block in BLOCKS if language == "python"]
    exec(block, {})
    assert -1 <= float(capsys.readouterr().out) <= 1


def test_moving_picture_is_the_one_that_the_data_give():
    drawn = picture.draw()
    assert picture.PICTURE.read_text(encoding="utf-8") == drawn
    assert len(drawn) < 40_000 and "prefers-reduced-motion" in drawn
    assert ET.fromstring(drawn).tag.endswith("svg")
    alt = re.search(r"!\[(.+?)\]\(book/_static/garden\.svg\)", README)[1]
    assert f"{picture.DECAY:g}" in alt and "at most 2 %" in alt


def test_moving_picture_ends_as_its_text_says():
    fed = np.array(picture.frequencies())
    without, decayed = picture.norms(0.0)[-1], picture.norms(picture.DECAY)[-1]
    np.testing.assert_allclose(without[fed > 0], without[-1], rtol=0.01)
    starved = fed <= picture.DECAY
    assert decayed[starved].max() < 0.1 * without[-1] < decayed[~starved].min()
