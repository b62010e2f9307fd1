"""Ways to per-example gradients: held, their products, their norms, and tests of their noise.

All work in evaluation mode under the L1 loss, the other packages on the network's obvious form and
gradbook on the one that the book holds as well. A way gets the network ready once and returns what
is timed. What packages find must be what the loop finds.
"""

from __future__ import annotations

import copy
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook import probes

LOOP, GRADBOOK, SAME_ROWS = "the loop", "gradbook", "gradbook, on one-hot rows"
Run = Callable[[], Tensor]
Way = tuple[str, str | None, Callable[..., Run]]


@dataclass(frozen=True, eq=False)
class Problem:
    """A network in two forms, and the rows whose gradients are asked for.

    Attributes:
        model: With an `nn.Linear` in front, which every package reads.
        inputs: Its inputs, float one-hot rows.
        targets: What to learn.
        own: With `gradbook.models.OneHotLinear` in front, as the book holds it.
        positions: Its inputs.
    """

    model: nn.Sequential
    inputs: Tensor
    targets: Tensor
    own: nn.Sequential
    positions: Tensor


def ways(
    quantity: str, problem: Problem, known: Mapping[str, Sequence[Way]] | None = None
) -> Iterator[tuple[str, Run]]:
    """Name and what is timed, of every way to a quantity that is installed; gradbook's is last.

    Args:
        quantity: One of those known.
        problem: What to find it for.
        known: Quantities and their ways; default `QUANTITIES`.
    """
    for name, package, way in (known or QUANTITIES)[quantity]:
        if package is None or importlib.util.find_spec(package):
            yield name, way(problem)


def _losses(model: nn.Module, problem: Problem) -> Tensor:
    return functional.l1_loss(model(problem.inputs), problem.targets, reduction="none").mean(1)


def _flat(gradients: list[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten(1) for gradient in gradients], 1)


def loop(problem: Problem) -> Run:
    """A backward pass for each row."""
    model, parameters = problem.model.eval(), list(problem.model.parameters())

    def run() -> Tensor:
        rows = []
        for x, y in zip(problem.inputs, problem.targets, strict=True):
            gradients = torch.autograd.grad(functional.l1_loss(model(x[None]), y[None]), parameters)
            rows.append(torch.cat([gradient.flatten() for gradient in gradients]))
        return torch.stack(rows)

    return run


def opacus(problem: Problem) -> Run:
    from opacus.grad_sample import GradSampleModule

    # It records activations in training mode only, which changes nothing in this network.
    model = GradSampleModule(copy.deepcopy(problem.model).train(), loss_reduction="sum")

    def run() -> Tensor:
        model.zero_grad()
        _losses(model, problem).sum().backward()
        return _flat([parameter.grad_sample for parameter in model.parameters()])

    return run


def backpack_held(problem: Problem) -> Run:
    from backpack.extensions import BatchGrad

    return _backpack(problem, BatchGrad(), lambda found: _flat([p.grad_batch for p in found]))


def backpack_norms(problem: Problem) -> Run:
    from backpack.extensions import BatchL2Grad

    return _backpack(problem, BatchL2Grad(), lambda found: sum(p.batch_l2 for p in found).sqrt())


def _backpack(problem: Problem, extension: object, read: Callable[..., Tensor]) -> Run:
    from backpack import backpack, extend

    model = extend(copy.deepcopy(problem.model).eval())
    parameters = list(model.parameters())

    def run() -> Tensor:
        model.zero_grad()
        with backpack(extension):
            _losses(model, problem).sum().backward()
        return read(parameters)

    return run


def nngeometry(problem: Problem) -> Run:
    from nngeometry.gram import GramMatrix
    from torch.utils.data import DataLoader, TensorDataset

    model = copy.deepcopy(problem.model).eval()

    def losses(x: Tensor, y: Tensor) -> Tensor:
        return functional.l1_loss(model(x), y, reduction="none").mean(1, keepdim=True)

    def run() -> Tensor:
        rows = TensorDataset(problem.inputs.detach().clone(), problem.targets)
        loader = DataLoader(rows, batch_size=len(rows))
        return GramMatrix(model, loader, function=losses).data[0, :, 0]

    return run


def cockpit(problem: Problem) -> Run:
    """The norm, inner product and orthogonality tests, tracked in one backward pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from backpack import extend
        from cockpit import Cockpit, quantities

    model = extend(copy.deepcopy(problem.model).eval())

    def run() -> Tensor:
        model.zero_grad()
        tests = [
            test(track_schedule=lambda step: True)
            for test in (quantities.NormTest, quantities.InnerTest, quantities.OrthoTest)
        ]
        tracker = Cockpit(model.parameters(), tests)
        losses = _losses(model, problem)
        loss = losses.mean()
        with tracker(
            0, info={"batch_size": len(losses), "individual_losses": losses, "loss": loss}
        ):
            loss.backward()
        return torch.tensor([test.get_output()[0] for test in tests], dtype=torch.float64)

    return run


def gradbook(probe: Callable[..., Tensor]) -> Callable[[Problem], Run]:
    return lambda problem: lambda: probe(problem.own, problem.positions, problem.targets, loss="l1")


def same_rows(probe: Callable[..., Tensor]) -> Callable[[Problem], Run]:
    return lambda problem: lambda: probe(problem.model, problem.inputs, problem.targets, loss="l1")


def _noise_tests(*arguments: object, **options: object) -> Tensor:
    kernel = probes.example_gram(*arguments, **options)
    return torch.tensor(probes.noise_tests(kernel), dtype=torch.float64)


def _of_held(measure: Callable[[Tensor], Tensor], way: Callable[[Problem], Run]) -> Callable:
    """A quantity made of the gradients that another way holds."""

    def of_problem(problem: Problem) -> Run:
        run = way(problem)
        return lambda: measure(run())

    return of_problem


class Block(nn.Module):
    """Attention and a hidden layer, each behind a normalization and beside a skip."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.qkv = nn.LayerNorm(width), nn.Linear(width, 3 * width)
        self.out, self.norm2 = nn.Linear(width, width), nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    """Embedding, blocks, mean over positions, one output; in layers that opacus knows."""

    def __init__(self, tokens: int, width: int, blocks: int) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(tokens, width), nn.Linear(width, 1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.blocks(self.embed(tokens)).mean(1))


HELD = same_rows(probes.example_gradients)
QUANTITIES = {
    "gradients": [
        (LOOP, None, loop),
        ("opacus", "opacus", opacus),
        ("BackPACK BatchGrad", "backpack", backpack_held),
        (GRADBOOK, None, HELD),
    ],
    "Gram matrix": [
        ("of held gradients", None, _of_held(lambda held: held @ held.T, HELD)),
        ("nngeometry", "nngeometry", nngeometry),
        (SAME_ROWS, None, same_rows(probes.example_gram)),
        (GRADBOOK, None, gradbook(probes.example_gram)),
    ],
    "norms": [
        ("of held gradients", None, _of_held(lambda held: held.norm(dim=1), HELD)),
        ("BackPACK BatchL2Grad", "backpack", backpack_norms),
        (SAME_ROWS, None, same_rows(probes.example_norms)),
        (GRADBOOK, None, gradbook(probes.example_norms)),
    ],
    "noise tests": [
        ("cockpit", "cockpit", cockpit),
        (SAME_ROWS, None, same_rows(_noise_tests)),
        (GRADBOOK, None, gradbook(_noise_tests)),
    ],
}
"""Quantity to its ways: name, package (None is always there), and what gets it ready."""

TRANSFORMER = {
    "gradients": [
        (LOOP, None, loop),
        ("opacus", "opacus", opacus),
        (GRADBOOK, None, HELD),
    ],
    "Gram matrix": [
        ("of held gradients", None, _of_held(lambda held: held @ held.T, HELD)),
        (GRADBOOK, None, same_rows(probes.example_gram)),
    ],
}
"""The ways that a transformer can go; nngeometry and BackPACK know no such network."""
