"""`python -m gradbook` says what there is; every line that it shows works."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from gradbook import __main__ as command_line
from gradbook import track


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    with track.Doses(network, every=1, path="run.doses"):
        network(torch.ones(2, 3)).sum().backward()
        optimizer.step()
    return network


def test_without_arguments_it_shows_examples_that_work(run, capsys):
    assert command_line.main([]) == 0
    shown = capsys.readouterr().out
    assert shown == command_line.OVERVIEW
    code = "\n".join(line[4:] for line in shown.splitlines() if line.startswith("    "))
    python, _, shell = code.partition("python -m gradbook")
    inputs, targets = torch.randn(8, 3), torch.randn(8, 1)
    exec(python, {"network": run, "inputs": inputs, "targets": targets})
    lines = re.findall(r"python -m gradbook (.*?)(?:  |$)", f"python -m gradbook{shell}", re.M)
    assert len(lines) == 3
    parser = {line: line.split() for line in lines}
    assert command_line.main(parser[lines[0]]) == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "a record" in page
    assert "<title>run</title>" in page
    assert {words[0] for words in parser.values()} == {"report", "evidence"}
    assert command_line.main(["evidence", "status"]) in (0, 1)
    assert "minibatches-disagree: " in capsys.readouterr().out  # the claim that is shown is there


def test_a_run_that_is_none_is_an_error_in_words(tmp_path, capsys):
    other = tmp_path / "other"
    other.write_text("a text")
    assert command_line.main(["report", str(other)]) == 2
    assert "holds none" in capsys.readouterr().err
    assert command_line.main(["report", str(tmp_path / "missing")]) == 2
