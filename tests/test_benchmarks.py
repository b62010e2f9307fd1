"""The benchmarks compare equal work: all ways give the same numbers."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import benchmarks.__main__
from benchmarks import ensemble, landscape, peers, per_example, timing, track, training, ways
from gradbook import models, tasks
from gradbook.training import TrainConfig, train
from networks import INPUTS, ROWS, TARGETS, TASK, WIDTHS
from oracle import landscape_by_loop

SMALL = tasks.Task("", TASK.features, INPUTS, TARGETS.float(), INPUTS[:64], TARGETS[:64].float())
OFFSETS = torch.linspace(-2, 2, 5, dtype=torch.float64)
EFFORT = landscape.Effort(slow=2, side=3)
EXACT = 1e-12
ROOT = Path(__file__).resolve().parents[1]


def test_they_import_nothing_that_builds_the_book():
    """`make bench` runs this file in an environment of its own, which has no builder."""
    folder = Path(__file__).parent
    seen, waiting = set[str](), [Path(__file__)]
    waiting += [
        up / "conftest.py" for up in (folder, *folder.parents) if (up / "conftest.py").exists()
    ]
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text("utf-8"))):
            names = [part.name for part in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            new = {name.partition(".")[0] for name in names} - seen
            seen |= new
            found = [
                place / f"{name}.py"
                for name in new
                for place in (folder, ROOT / "tests", ROOT / "tools")
            ]
            waiting += [file for file in found if file.exists()]
    assert {"playwright", "oracle", "torch"} <= seen
    assert seen.isdisjoint(("jupyter_book", "markdown_it", "myst_nb", "nbclient", "nbformat"))


def problem_of(case: ways.Case) -> ways.Problem:
    model = landscape.trained(case, SMALL, WIDTHS, torch.float64)
    return ways.Problem(model, INPUTS, TARGETS, ROWS)


@pytest.mark.parametrize("case", landscape.CASES, ids=lambda case: case.label)
def test_every_way_finds_what_the_loop_finds(case):
    problem = problem_of(case)
    expected = landscape.reference(case, problem, OFFSETS, EFFORT)
    assert (expected - expected[:, :1, :1]).abs().max() > 1e-3 * expected.abs().max()
    compared = []
    for way in ways.ways(case, problem, EFFORT.slow):
        found = landscape.part(way, problem, OFFSETS, EFFORT.side)()
        if way.comparable:
            assert landscape.compared(found, expected).max() <= EXACT, way.name
            compared.append(way.name)
    given = case.masks == "common"
    loop = ways.GIVEN_MASKS if case.regularizer == "dropout" else ways.LOOP
    assert (loop in compared) == given
    assert ("torch.func" in compared) == (case.regularizer != "dropout")
    assert ways.GRADBOOK in compared
    if importlib.util.find_spec("gradfield"):
        assert (ways.GRADFIELD in compared) == given


@pytest.mark.parametrize("case", landscape.CASES, ids=lambda case: case.label)
def test_the_loop_is_the_one_that_the_probes_are_tested_with(case):
    problem = problem_of(case)
    rows, offsets = ROWS[:2], OFFSETS[::2]
    masks_at = ways.masks_of(case, problem, 2)
    assert torch.equal(
        ways.loop(case, problem, rows, offsets, masks_at),
        landscape_by_loop(
            problem.model,
            INPUTS,
            TARGETS,
            rows,
            case.parameter,
            offsets,
            units=case.units,
            mode=case.mode,
            masks_at=masks_at,
        ),
    )


def test_both_trainings_take_the_same_steps():
    task = tasks.Task("", TASK.features, INPUTS, TARGETS, INPUTS[:64], TARGETS[:64])
    model = models.mlp(TASK.features, WIDTHS).double()
    config = TrainConfig(epochs=2, batch_size=16, learning_rate=1e-3)
    run = train(
        model, task, config, batches=lambda epoch: torch.arange(256).split(16), progress=False
    )
    one_hot = timing.one_hot_task(task)
    loader = DataLoader(TensorDataset(one_hot.train_inputs, TARGETS), config.batch_size)
    plain, curves = training.plain_loop(timing.obvious_form(model), one_hot, config, loader, 16)
    expected = timing.obvious_form(run.model).state_dict()
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=1e-10)
    found = torch.tensor(curves, dtype=torch.float64).T
    kept = (run.train_loss, run.test_loss, run.train_r2, run.test_r2)
    for curve, values in zip(found, kept, strict=True):
        torch.testing.assert_close(curve, values, rtol=1e-10, atol=0)


@pytest.mark.parametrize("case", ensemble.CASES, ids=lambda case: case.label)
def test_both_ways_to_train_small_nets_take_the_same_steps(case):
    inputs, targets = (part.double() for part in ensemble.rows(case, 50))
    start = [model.double() for model in ensemble.nets(case, 3)]
    trained = ensemble.at_once(case, start, inputs, targets, 10)
    alone = ensemble.one_by_one(case, start, inputs, targets, 10)
    for member, model in enumerate(alone):
        for name, value in model.named_parameters():
            found = trained.parameters()[name][member]
            torch.testing.assert_close(found, value, rtol=0, atol=EXACT)


def test_a_table_holds_every_way_with_its_target():
    case = landscape.CASES[0]
    effort = landscape.Effort(slow=2, side=3, repeats=2, at_least=0.0, sizes=(5, 11))
    lines = landscape.compare(case, problem_of(case), effort).splitlines()
    assert lines[2].startswith("| the loop | 3 × 3 of the grid, M = 2 |") and "| 500× |" in lines[2]
    assert lines[-1].startswith("| gradbook | whole grid, M = 3 |")
    assert len({line.count("|") for line in lines}) == 1


@pytest.fixture
def in_this_process(monkeypatch):
    """Trainings of the benchmark do not wait for a process to import torch."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(training, "in_a_process", lambda run, *given: run(*given))
    monkeypatch.setattr(training, "in_two_processes", lambda effort, epochs: None)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("subject", [training, ensemble])
@pytest.mark.usefixtures("in_this_process")
def test_a_report_is_written_to_its_end(subject):
    """Every way that it times runs with the package as it is."""
    (table,) = subject.report(subject.QUICK)
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) > 4 and len({line.count("|") for line in rows}) == 1


@pytest.fixture
def rows() -> peers.Problem:
    model = models.mlp(TASK.features, WIDTHS)
    task = tasks.Task("", TASK.features, INPUTS, TARGETS, INPUTS, TARGETS)
    return per_example.problem_of(model, task, 24, torch.float64)


@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
@pytest.mark.parametrize("quantity", peers.QUANTITIES)
def test_every_package_finds_what_the_loop_finds(quantity, rows):
    held = peers.loop(rows)()
    kernel = held @ held.T
    mean = held.mean(0)
    spread = held.var(0).sum() / len(held)
    known = {
        "gradients": held,
        "Gram matrix": kernel,
        "norms": held.norm(dim=1),
        "noise tests": (spread / mean.square().sum()).sqrt(),
    }[quantity]
    found = {name: run() for name, run in peers.ways(quantity, rows)}
    for name, values in found.items():
        compared = values[0] if quantity == "noise tests" else values
        assert (compared - known).abs().max() <= EXACT * known.abs().max(), name
        together = found[peers.GRADBOOK]
        assert (values - together).abs().max() <= EXACT * together.abs().max(), name
    for name, package, _ in peers.QUANTITIES[quantity]:
        assert (name in found) == (package is None or bool(importlib.util.find_spec(package)))


@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
@pytest.mark.parametrize("quantity", peers.TRANSFORMER)
def test_every_way_agrees_on_a_transformer(quantity):
    effort = per_example.Effort(transformer=8, widths=(1,))
    problem = per_example.transformer_of(effort, torch.float64)
    found = dict(peers.ways(quantity, problem, peers.TRANSFORMER))
    results = {name: run() for name, run in found.items()}
    expected = results[peers.GRADBOOK]
    for name, values in results.items():
        assert (values - expected).abs().max() <= EXACT * expected.abs().max(), name


def test_the_table_of_a_quantity_names_what_is_to_be_reached(rows, monkeypatch):
    monkeypatch.setitem(per_example.TO_REACH, ("norms", "of held gradients"), "1×")
    effort = per_example.Effort(repeats=2, at_least=0.0)
    lines = per_example.compare("norms", rows, effort).splitlines()
    assert lines[2].startswith("| of held gradients |") and "| 1× |" in lines[2]
    assert lines[-1].startswith("| gradbook |")
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize("number", [0, 1])
def test_a_watched_training_of_the_benchmark_takes_the_same_steps(number):
    """Its overhead is what the hooks add: weights after three steps are the same bits."""
    effort = track.QUICK
    ends = []
    for held in (None, track.held_rows(track.problems(effort)[number], effort)):
        problem = track.problems(effort)[number]
        optimizer = torch.optim.AdamW(problem.model.parameters(), 1e-4)
        inputs = problem.inputs[: effort.held]
        with track.track.Doses(problem.model, every=2, held=held, inputs=inputs) as doses:
            for _ in range(3):
                problem.step(problem.model, optimizer)
        assert len(doses.run) == 2 and (doses.run.values["along"] != 0).any()
        ends.append([value.clone() for value in problem.model.state_dict().values()])
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))
    found = track.overhead(problem, None, effort)
    assert found["recorded"] > 0 and 0 < found["between"] < found["plain"]


def test_every_subject_keeps_its_result_under_its_name(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(timing, "RESULTS", tmp_path)
    monkeypatch.setattr(ensemble, "FULL", ensemble.Effort(steps=2, repeats=1))
    for command in (["ensemble", "--quick"], ["ensemble"]):
        assert not list(tmp_path.iterdir())
        monkeypatch.setattr("sys.argv", ["benchmarks", *command])
        benchmarks.__main__.main()
    (kept,) = tmp_path.iterdir()
    assert kept.name == "ensemble.md"
    assert kept.read_text("utf-8") in capsys.readouterr().out
    assert {file.stem for file in (ROOT / "benchmarks/results").iterdir()} == {
        *benchmarks.__main__.SUBJECTS,
        *benchmarks.__main__.ELSEWHERE,
    }


def test_every_ratio_that_the_readme_tells_stands_in_a_result():
    text = (ROOT / "benchmarks/README.md").read_text("utf-8").partition("## Results")[2]
    told = set(re.findall(r"[\d.,]*\d×", text))
    kept = "".join(file.read_text("utf-8") for file in (ROOT / "benchmarks/results").iterdir())
    found = set(re.findall(r"[\d.,]*\d×", kept))
    assert len(told) > 10 and told <= found
