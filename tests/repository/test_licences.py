"""What may be reused, how it is cited, and how an error is reported, in files that tools read."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from sphinx.application import Sphinx

import page_foot
import repository

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*_*.yml"))
VENDORED = sorted(
    path
    for path in ROOT.rglob("vendor/*")
    if path.is_dir()
    and not repository.SKIPPED.difference({"vendor"}) & {*path.relative_to(ROOT).parts}
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_package_names_its_licences_and_ships_their_texts():
    assert PROJECT["license"] == "BSD-3-Clause AND CC-BY-4.0 AND PSF-2.0"
    vendored = "gradbook/chapters/*/vendor/*/LICENSE"
    assert PROJECT["license-files"] == ["LICENSE", "LICENSE-TEXT", vendored]
    assert all("PYTHON SOFTWARE FOUNDATION" in p.read_text("utf-8") for p in ROOT.glob(vendored))
    assert read("LICENSE").startswith("BSD 3-Clause License\n")
    assert "Section 8 – Interpretation." in read("LICENSE-TEXT")


def test_vendored_parts_are_listed_and_carry_their_licence():
    assert VENDORED
    listed = re.findall(r"^\| `([^`]+/vendor/[^`]+)` \|", read("LICENSES.md"), re.M)
    assert sorted(listed) == [path.relative_to(ROOT).as_posix() for path in VENDORED]
    assert [path for path in VENDORED if not list(path.glob("LICENSE*"))] == []


def test_citation_follows_the_schema():
    schema = json.loads(read("tests/repository/schemas/citation-1.2.0.json"))
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    citation = yaml.safe_load(read("CITATION.cff"))
    assert list(validator.iter_errors(citation)) == []
    assert list(validator.iter_errors(citation | {"license": "no licence"})) != []
    assert citation["authors"] == [{"name": PROJECT["authors"][0]["name"]}]
    assert " AND ".join([*citation["license"], "PSF-2.0"]) == PROJECT["license"], "and one text"


def test_built_book_carries_its_licences_and_its_foot():
    sphinx = yaml.safe_load(read("_config.yml"))["sphinx"]
    assert sphinx["local_extensions"]["page_foot"] == "tools"
    carried = sphinx["config"]["html_extra_path"]
    assert {"LICENSE", "LICENSE-TEXT", "LICENSES.md", "CITATION.cff"} == {*carried}
    assert all((ROOT / name).exists() for name in carried)


def test_version_stands_in_one_place():
    stated = re.compile(rf"(?i)version\W+{re.escape(PROJECT['version'])}(?![\w.])")
    files = {
        path.name
        for path, text in repository.texts(ROOT)
        if PROJECT["version"] in text and stated.search(text)
    }
    assert files - {"CHANGELOG.md"} == {"pyproject.toml"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_template_asks_for_what_is_needed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "title", "labels", "body"} == set(form)
    fields = {part["id"]: part for part in form["body"]}
    assert len(fields) == len(form["body"]) and fields["page"]["validations"]["required"]
    assert "version at its foot" in fields["page"]["attributes"]["description"]
    assert all(part["type"] in {"input", "textarea", "dropdown"} for part in form["body"])


def test_errata_page_links_to_the_templates():
    linked = re.findall(r"issues/new\?template=(\w+)\.yml", read("book/errata.md"))
    assert sorted(linked) == [path.stem for path in FORMS]


@pytest.fixture
def commits(tmp_path) -> Path:
    """A repository of one commit that has the project's pyproject.toml."""
    (tmp_path / "pyproject.toml").write_text(read("pyproject.toml"), encoding="utf-8")
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    return tmp_path


def test_only_a_release_shows_its_bare_version(commits):
    def shown() -> str:
        return page_foot.shown_version(commits)

    assert re.fullmatch(rf"{PROJECT['version']}, commit [0-9a-f]{{7,}}", shown())
    subprocess.run(["git", "-C", commits, "tag", f"v{PROJECT['version']}"], check=True)
    assert shown() == PROJECT["version"]
    (commits / "pyproject.toml").write_text(read("pyproject.toml") + "\n", encoding="utf-8")
    assert shown().endswith("-dirty")


def test_every_page_has_its_foot(commits):
    pages = {"index": "# One\n", "book/errata": "# Errata\n", "book/deep/page": "# Deep\n"}
    for name, text in pages.items():
        path = commits / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\norphan: true\n---\n{text}", encoding="utf-8")
    settings = {
        "extensions": ["myst_parser", "page_foot"],
        "html_theme": "sphinx_book_theme",
        "exclude_patterns": ["_build"],
    }
    out = commits / "_build"
    Sphinx(commits, None, out, out / "trees", "html", settings, status=None).build()
    for name, errata in zip(pages, ("book/errata", "#", "../errata"), strict=True):
        (foot,) = re.findall(
            r'<div class="extra_footer">(.*?)</div>', (out / f"{name}.html").read_text(), re.S
        )
        assert f"Version {PROJECT['version']}, commit " in foot
        assert f'<a href="{errata.removesuffix(".html")}' in foot
        assert foot.count('rel="license"') == 2
