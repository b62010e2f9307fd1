"""A release is what was committed, and whoever installs it gets that or nothing."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import zipfile
from pathlib import Path

import pytest
import yaml

import paper
import release
import release_checks
import repository
import wheels
from page_foot import version

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = (*wheels.INPUTS, "README.md", "CITATION.cff", "_config.yml", "book", ".gitignore")
PAGE = "mkdir -p _build/html && echo '<title>A</title>A' > _build/html/index.html"
MAKEFILE = f"""\
.PHONY: book zip pdf slides figures
book:
\t{PAGE}
zip:
\techo A > _build/{paper.NAME}.zip
pdf:
\techo A > _build/{paper.NAME}.pdf
slides:
\techo A > _build/slides.zip
figures:
\techo A > _build/figures.zip
"""


def git(root: Path, *arguments: str) -> str:
    return wheels.git(root, "-c", "user.name=a", "-c", "user.email=a@b", *arguments)


@pytest.fixture(scope="module")
def committed(tmp_path_factory) -> Path:
    """A repository with what a release reads, and a Makefile that builds one page."""
    root = tmp_path_factory.mktemp("committed")
    ignored = shutil.ignore_patterns("__pycache__", "_static", "parts")
    for name in PUBLISHED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name, **({"ignore": ignored} if (ROOT / name).is_dir() else {}))
    (root / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    git(root, "init", "-q")
    git(root, "config", "user.name", "a")
    git(root, "config", "user.email", "a@b")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return root


@pytest.fixture(scope="module")
def built(committed, tmp_path_factory) -> Path:
    return wheels.build(tmp_path_factory.mktemp("built"), committed)


@pytest.fixture(scope="module")
def tree(committed, built) -> Path:
    return release.release_tree(committed, built)


def test_another_clone_gives_the_same_wheel(committed, built, tmp_path):
    before = os.umask(0o077)
    try:
        git(tmp_path, "clone", "-q", str(committed), "elsewhere")
        again = wheels.build(tmp_path, tmp_path / "elsewhere")
    finally:
        os.umask(before)
    assert again.read_bytes() == built.read_bytes()


def test_wheel_has_the_times_of_the_commit(committed, built):
    seconds = {info.date_time[:5] for info in zipfile.ZipFile(built).infolist()}
    day = git(committed, "log", "-1", "--format=%cd", "--date=format-local:%Y %m %d")
    assert [tuple(map(int, day.split()))] == sorted({time[:3] for time in seconds})


def test_release_names_its_wheel_and_its_tag_everywhere(committed, built, tree):
    tag, address = f"v{version(ROOT)}", f"https://github.com/{repository.current()}"
    url = f"{address}/releases/download/{tag}/{built.name}#sha256={wheels.digest(built)}"
    assert set().union(*repository.installing(tree).values()) == {f"gradbook[notebooks] @ {url}"}
    config = yaml.safe_load((tree / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["branch"] == tag
    assert "/main" not in (tree / "README.md").read_text(encoding="utf-8")
    citation = yaml.safe_load((tree / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version(ROOT) and citation["date-released"]
    assert git(tree, "rev-parse", "HEAD^") == git(committed, "rev-parse", "HEAD")
    assert git(committed, "status", "--porcelain") == ""


def test_tag_builds_the_wheel_that_its_notebooks_name(tree, built, tmp_path):
    again = wheels.build(tmp_path, tree)
    assert again.read_bytes() == built.read_bytes()
    assert release.release_tree(tree, again) == tree


def test_tag_with_another_wheel_is_no_release(tree, built, tmp_path):
    other = tmp_path / built.name
    other.write_bytes(built.read_bytes() + b"\0")
    with pytest.raises(release.NotReady, match="not the one that is named"):
        release.release_tree(tree, other)


@pytest.fixture
def mirror(tmp_path):
    """A folder behind an address on this machine, where a release's wheel can be put."""
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "www")
    serve.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path / "www", f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("flipped", [False, True], ids=["as released", "one byte flipped"])
def test_pip_refuses_a_wheel_that_is_not_the_released_one(built, mirror, tmp_path, flipped):
    folder, address = mirror
    place = folder / "releases/download" / f"v{version(ROOT)}"
    place.mkdir(parents=True)
    content = bytearray(built.read_bytes())
    content[len(content) // 2] ^= flipped
    (place / built.name).write_bytes(content)
    target = tmp_path / "target"
    released = repository.at_release(version(ROOT), wheels.digest(built), address)
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-cache-dir"]
    result = subprocess.run(
        [*pip, "--target", target, released],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    assert (result.returncode != 0) == flipped, result.stderr
    assert ("DO NOT MATCH THE HASHES" in result.stderr) == flipped
    assert (target / "gradbook/__init__.py").exists() != flipped


@pytest.fixture
def clone(committed, tmp_path) -> Path:
    git(tmp_path, "clone", "-q", str(committed), "clone")
    return tmp_path / "clone"


def test_clean_state_may_be_released(clone):
    release.refuse_dirty(clone)
    git(clone, "tag", f"v{version(ROOT)}")
    release.refuse_dirty(clone)


@pytest.mark.parametrize("name", ["README.md", "gradbook/new.py"], ids=["changed", "untracked"])
def test_uncommitted_change_stops_a_release(clone, name):
    (clone / name).write_text("changed", encoding="utf-8")
    with pytest.raises(release.NotReady, match=rf"(?s)to be committed; found.*{name}"):
        release.main(clone)
    assert not (clone / "dist").exists()


def test_taken_version_stops_a_release(clone):
    git(clone, "tag", f"v{version(ROOT)}")
    git(clone, "-c", "user.name=a", "commit", "-q", "--allow-empty", "-m", "two")
    with pytest.raises(release.NotReady, match="tag of another commit: raise the version"):
        release.refuse_dirty(clone)


def test_release_leaves_all_its_files_with_checksums(clone, monkeypatch, capsys):
    """The checks that need a network or minutes have tests of their own, or are left to CI."""
    checked = []
    for name in ("check_metadata", "check_wheel", "check_zip"):
        monkeypatch.setattr(
            release_checks, name, lambda file, *_, name=name: checked.append((name, file.name))
        )
    git(clone, "config", "user.name", "a")
    git(clone, "config", "user.email", "a@b")
    release.main(clone)
    start = f"gradbook-{version(ROOT)}"
    files = {f"{start}-py3-none-any.whl", f"{start}.tar.gz"}
    made = ("book.zip", "book.pdf", "slides.zip", "figures.zip")
    files |= {"SHA256SUMS", *(f"{start}-{name}" for name in made)}
    assert {path.name for path in (clone / "dist").iterdir()} == files
    assert checked == [
        ("check_metadata", "dist"),
        ("check_wheel", f"{start}-py3-none-any.whl"),
        ("check_zip", f"{start}-book.zip"),
        ("check_zip", f"{start}-slides.zip"),
    ]
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=clone / "dist", check=True
    )
    (commit,) = re.findall(r"git tag v\S+ ([0-9a-f]{40}) && git push", capsys.readouterr().out)
    assert git(clone, "log", "-1", "--format=%s", commit) == f"Release {version(ROOT)}"


def test_installed_wheel_works_with_the_network_off(built, tmp_path):
    packages = Path(sysconfig.get_path("purelib"))
    printed = release_checks.check_wheel(built, tmp_path / "empty", packages=packages)
    assert "up to date" in printed and "outdated" not in printed


def test_wheel_that_lacks_a_file_is_noticed(built, tmp_path):
    broken = tmp_path / built.name
    with zipfile.ZipFile(built) as whole, zipfile.ZipFile(broken, "w") as part:
        for info in whole.infolist():
            if not info.filename.endswith("claims.toml"):
                part.writestr(info, whole.read(info))
    packages = Path(sysconfig.get_path("purelib"))
    with pytest.raises(release_checks.Failed, match="the wheel has no claims"):
        release_checks.check_wheel(broken, tmp_path / "empty", packages=packages)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<title>A</title>", None),
        ("<title>A</title><img src='https://example.org/a.png' alt=''>", "asks for https://exam"),
        ("<title>A</title><script>missing()</script>", "error: missing is not defined"),
        ("A", "has no title"),
    ],
)
def test_each_page_of_the_zip_opens_with_the_network_off(browser, tmp_path, body, fault):
    (tmp_path / "html").mkdir()
    for name in ("index", "other"):
        page = body if name == "other" else "<title>A</title>"
        (tmp_path / "html" / f"{name}.html").write_text(page, encoding="utf-8")
    archive = Path(shutil.make_archive(str(tmp_path / "book"), "zip", tmp_path, "html"))
    if fault is None:
        assert release_checks.check_pages(archive, tmp_path / "out", browser) == 2
        return
    with pytest.raises(release_checks.Failed, match=fault):
        release_checks.check_pages(archive, tmp_path / "out", browser)


def test_notebooks_install_from_a_commit_of_this_repository():
    (requirement,) = set().union(*repository.installing(ROOT).values())
    commit = re.fullmatch(
        rf"gradbook\[notebooks\] @ git\+https://github\.com/{repository.current()}@([0-9a-f]{{40}})",
        requirement,
    )[1]
    if git(ROOT, "rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone does not have the commit that the notebooks name")
    git(ROOT, "merge-base", "--is-ancestor", commit, "HEAD")
    assert git(ROOT, "ls-tree", "--name-only", commit, "gradbook/__init__.py")


def test_pinning_names_a_commit_in_every_notebook_and_the_readme(clone):
    before = git(clone, "rev-parse", "HEAD")
    changed = repository.install(repository.at_commit("HEAD", clone), clone)
    assert set(changed) == set(repository.installing(clone))
    assert set().union(*repository.installing(clone).values()) == {
        f"gradbook[notebooks] @ git+https://github.com/{repository.current()}@{before}"
    }
    with pytest.raises(ValueError, match="expected a commit of this repository, got 'nowhere'"):
        repository.at_commit("nowhere", clone)
