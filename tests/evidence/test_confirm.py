"""Results keep their numbers when code gives the same bits, and only then a new fingerprint."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradbook.evidence import atlas
from workshop import CUBES, Workshop

TOOLS = Path(__file__).parents[2] / "tools"
PLAINER = CUBES.replace("value ** config", "float(value) ** config")
OTHER = CUBES.replace("noise @ noise", "noise @ noise + 1e-7")


def git(shop: Workshop, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *who, *arguments], cwd=shop.folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Path:
    """A folder with a repository and results of its committed code."""
    shop = Workshop(tmp_path_factory.mktemp("measured"))
    (shop.folder / "tools").mkdir()
    for tool in ("confirm.py", "endurance.py"):
        shutil.copy(TOOLS / tool, shop.folder / "tools")
    git(shop, "init", "-q")
    git(shop, "add", "gradbook")
    git(shop, "commit", "-qm", "Measure cubes")
    git(shop, "tag", "measured")
    assert shop.build() == ""
    (shop.chapter / "data").mkdir()
    (shop.folder / "out" / "cubes.npz").rename(file(shop))
    shop.ran()
    return shop.folder


@pytest.fixture
def shop(measured) -> Iterator[Workshop]:
    """That folder, put back as it was afterwards."""
    shop = Workshop(measured)
    results = file(shop).read_bytes()
    yield shop
    git(shop, "reset", "-q", "--hard", "measured")
    file(shop).write_bytes(results)
    (measured / "fail-0").unlink(missing_ok=True)
    shop.ran()


def file(shop: Workshop) -> Path:
    return shop.chapter / "data" / "cubes.npz"


def confirm(shop: Workshop, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/confirm.py", "cubes", *arguments],
        **{"cwd": shop.folder, "env": shop.environment(), "capture_output": True, "text": True},
    )


def fingerprint(shop: Workshop) -> str:
    code = "from gradbook.evidence import atlas; print(atlas.fingerprint('cubes'))"
    environment = {"cwd": shop.folder, "env": shop.environment(), "text": True}
    return subprocess.check_output([sys.executable, "-c", code], **environment).strip()


def test_code_that_gives_the_same_bits_is_stamped_and_said_so(shop):
    measured = atlas.read(file(shop))
    shop.write(PLAINER)
    told = confirm(shop, "--jobs", "2")
    assert (told.returncode, told.stdout) == (0, "cubes: confirmed\n"), told.stderr
    assert shop.ran() == ["0", "0", "1", "1"], "each job once with each code"
    stamped = atlas.read(file(shop))
    assert stamped.fingerprint == fingerprint(shop) != measured.fingerprint
    assert stamped.confirmed == [{"fingerprint": measured.fingerprint, "jobs": [0, 1]}]
    assert atlas.checksum(stamped.arrays) == atlas.checksum(measured.arrays)
    status = subprocess.run(
        [sys.executable, "-m", "gradbook", "evidence", "status"],
        **{"cwd": shop.folder, "env": shop.environment(), "capture_output": True, "text": True},
    )
    expected = "cubes: up to date, measured by earlier code (the same bits under this one: job 0; 1"
    assert expected in status.stdout
    run = [sys.executable, "-m", "gradbook", "evidence", "run", "cubes"]
    within = {"cwd": shop.folder, "env": shop.environment(), "capture_output": True}
    subprocess.run(run, **within, check=True)
    assert shop.ran() == [], "what was confirmed is up to date"
    subprocess.run([*run, "--confirmed"], **within, check=True)
    assert shop.ran() == ["0", "1", "2", "3"]
    whole = atlas.read(file(shop))
    assert whole.confirmed == () and whole.fingerprint == stamped.fingerprint
    subprocess.run([*run, "--confirmed"], **within, check=True)
    assert shop.ran() == [], "once"


def test_code_that_gives_other_bits_leaves_the_file(shop):
    before = file(shop).read_bytes()
    shop.write(OTHER)
    told = confirm(shop)
    assert told.returncode == 1
    assert told.stdout == "cubes: job 0 gives another noise: run it again\n"
    assert file(shop).read_bytes() == before


def test_a_revision_that_did_not_measure_the_file_tells_nothing(shop):
    before = file(shop).read_bytes()
    shop.write(PLAINER)
    git(shop, "commit", "-qam", "Make it plainer")
    told = confirm(shop)
    assert (
        told.returncode == 1 and "measured by other code than that of the revision" in told.stdout
    )
    assert shop.ran() == [] and file(shop).read_bytes() == before
    assert confirm(shop, "--revision", "HEAD~1").returncode == 0
    nowhere = confirm(shop, "--revision", "nowhere")
    assert nowhere.returncode == 2 and "expected a git revision: " in nowhere.stderr


@pytest.mark.parametrize("change", ['"power": 3', "JOBS = (0, 1, 2, 3)"])
def test_another_configuration_has_to_be_run(shop, change):
    shop.write(CUBES.replace(change, {'"power": 3': '"power": 2'}.get(change, "JOBS = (0, 1)")))
    told = confirm(shop)
    assert told.returncode == 1 and "its configuration has changed: run it again" in told.stdout
    assert shop.ran() == []


def test_a_job_that_fails_confirms_nothing(shop):
    before = file(shop).read_bytes()
    shop.write(PLAINER)
    (shop.folder / "fail-0").touch()
    told = confirm(shop)
    assert told.returncode == 1 and "cubes: job 0 could not be measured" in told.stdout
    assert "FloatingPointError: the loss became nan" in told.stderr
    assert file(shop).read_bytes() == before


def test_a_run_with_kills_a_full_disk_and_a_lost_worker_ends_as_one_without(shop):
    pytest.importorskip("distributed")
    shop.write(PLAINER)
    assert confirm(shop).returncode == 0
    told = subprocess.run(
        [sys.executable, "tools/endurance.py", "cubes", "--kills", "1", "--within", "1"],
        **{"cwd": shop.folder, "env": shop.environment(), "capture_output": True, "text": True},
    )
    assert told.returncode == 0, told.stderr
    assert "killed 1 times" in told.stdout and "4 are finished and kept" in told.stdout
    assert "4 jobs are in the results bit for bit" in told.stdout
    assert atlas.read(file(shop)).confirmed == ()
