"""The lab's random numbers are PyTorch's and NumPy's, bit for bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

SOURCE = Path(__file__).parents[2] / "lab" / "random.js"
SEEDS = [0, 7, 2**32 - 1]


def node(expression: str) -> object:
    """Value of a JavaScript expression in which the module's names are known."""
    program = shutil.which("node")
    if program is None:
        message = "expected node on the path: install Node.js to compare the lab with Python"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    script = (
        f"const {{ TorchRandom, NumpyRandom, seedWords }} = require({json.dumps(str(SOURCE))});"
        f"console.log(JSON.stringify({expression}, (_, v) =>"
        " ArrayBuffer.isView(v) ? Array.from(v) : typeof v === 'bigint' ? String(v) : v));"
    )
    ran = subprocess.run([program, "-e", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("inputs", "outputs"), [(2, 500), (660, 128), (64, 1)])
def test_linear_starts_from_the_weights_of_torch(seed: int, inputs: int, outputs: int) -> None:
    torch.manual_seed(seed)
    layer = nn.Linear(inputs, outputs)
    drawn = node(f"new TorchRandom({seed}).linear({inputs}, {outputs})")
    assert np.array_equal(np.float32(drawn["weight"]), layer.weight.detach().flatten().numpy())
    assert np.array_equal(np.float32(drawn["bias"]), layer.bias.detach().numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_integers_and_units_are_those_of_torch(seed: int) -> None:
    made = torch.Generator().manual_seed(seed)
    expected = [
        torch.randperm(1000, generator=made).tolist(),
        torch.randint(10, (50,), generator=made).tolist(),
        torch.rand(50, dtype=torch.float64, generator=made).tolist(),
    ]
    drawn = node(
        f"(r => [r.permutation(1000), r.integers(50, 10), Array.from({{length: 50}}, () =>"
        f" r.unit())])(new TorchRandom({seed}))"
    )
    assert drawn == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_dropout_keeps_the_units_that_torch_keeps(seed: int) -> None:
    torch.manual_seed(seed)
    kept = functional.dropout(torch.ones(2000), 0.3) > 0
    drawn = node(
        f"(r => Array.from({{length: 2000}}, () => r.unit() < 1 - 0.3))(new TorchRandom({seed}))"
    )
    assert drawn == kept.tolist()


@pytest.mark.parametrize("entropy", [[0], [2, 7], [1, 2, 3, 4, 5, 6]])
def test_words_units_and_integers_are_those_of_numpy(entropy: list[int]) -> None:
    assert (
        node(f"seedWords({entropy}, 9)")
        == np.random.SeedSequence(entropy).generate_state(9).tolist()
    )
    made = np.random.default_rng(entropy)
    expected = [
        [str(word) for word in made.bit_generator.random_raw(20)],
        made.random(20).tolist(),
        [int(made.integers(300)) for _ in range(21)],
        made.permutation(100).tolist(),
    ]
    drawn = node(
        "(r => [Array.from({length: 20}, () => r.word()), Array.from({length: 20}, () => r.unit()),"
        f" Array.from({{length: 21}}, () => r.integer(300)), r.permutation(100)])"
        f"(new NumpyRandom({entropy}))"
    )
    assert drawn == expected
