"""The reference names every public function, and its examples run as they stand."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

from gradbook import models, probes, tasks, track, training
from gradbook.evidence import atlas, claims, engine, intervals, registry
from gradbook.training import diets, ensemble, gardens

PAGES = sorted((Path(__file__).resolve().parents[1] / "book/api").glob("*.md"))
FACES = [probes, track, tasks, models, training]
# Modules of which the reference takes all that they define.
WHOLE = [registry, engine, atlas, claims, intervals]
# Letters and amounts that a text or a signature explains where they are used.
EXPLAINED = {"ALPHABET", "FIELD_WIDTHS", "PADDING", "LOSSES", "Batches", "REGULARIZERS"}
EXPLAINED |= {"HALF_SQUARED", "LOGISTIC"}  # instances of `Loss`
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_examples_run(path):
    blocks = re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    assert len(test.examples) >= 8
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


def public(package) -> set[str]:
    """What a package or a module offers, apart from what others define."""
    own = [n for n, v in vars(package).items() if getattr(v, "__module__", "") == package.__name__]
    offered = getattr(package, "__all__", [name for name in own if not name.startswith("_")])
    return set(offered) - EXPLAINED


@pytest.mark.parametrize("package", FACES, ids=lambda package: package.__name__)
def test_every_public_name_is_in_the_reference_once_and_in_an_example(package):
    texts = [path.read_text(encoding="utf-8") for path in PAGES]
    pattern = rf"^\.\. auto(?:function|class):: {package.__name__}\.(\w+)$"
    named = [name for text in texts for name in re.findall(pattern, text, re.M)]
    assert sorted(named) == sorted(public(package))
    room = package.__name__.rpartition(".")[2]
    for text in texts:
        for name in re.findall(pattern, text, re.M):
            assert re.search(rf"\b{room}\.{name}\b(?!$)", text.partition("{eval-rst}")[0]), name


@pytest.mark.parametrize("package", [ensemble, gardens, diets], ids=lambda p: p.__name__)
def test_what_trains_many_is_in_the_reference(package):
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    pattern = rf"^\.\. auto(?:function|class):: {package.__name__}\.(\w+)$"
    assert set(re.findall(pattern, text, re.M)) == public(package)


def test_the_reference_of_evidence_is_that_of_whole_modules():
    text = next(path for path in PAGES if path.stem == "evidence").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. automodule:: ([\w.]+)\n   :members:$", text, re.M)
    assert named == [module.__name__ for module in WHOLE]
    shown = text.partition("{eval-rst}")[0]
    for module in (registry, intervals):
        room = module.__name__.rpartition(".")[2]
        missing = [n for n in public(module) if not re.search(rf"\b{room}\.{n}\b", shown)]
        assert set(missing) <= {"Estimate"}  # what `estimate` returns


@pytest.mark.parametrize("package", [*FACES, *WHOLE], ids=lambda package: package.__name__)
def test_every_public_name_says_what_it_is(package):
    for name in public(package) - {"OWN", "VERDICTS", "Case"}:
        said = (getattr(package, name).__doc__ or "").strip()
        assert said and not said.startswith(f"{name}("), name


def test_every_probe_of_a_network_says_its_cost_and_its_errors():
    """The others are arithmetic on gradients or their products, as their page says once."""
    referring = {"example_norms", "per_example_gradients", "unit_groups"}  # to another's errors
    for name in probes.__all__:
        found = getattr(probes, name)
        if not isinstance(found, type) and "model" in inspect.signature(found).parameters:
            assert re.search(r"^ *Cost: ", found.__doc__, re.M), name
            assert "Raises:" in found.__doc__ or name in referring, name
    for page in ("agreement", "minibatches", "landscapes"):
        text = next(path for path in PAGES if path.stem == page).read_text(encoding="utf-8")
        assert "no pass of the network" in text
