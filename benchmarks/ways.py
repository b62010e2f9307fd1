"""The ways to one gradient landscape [M, G, G, 2]: L1 loss, two entries of a bias.

What the other ways find must be what the loop finds.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.timing import obvious_form, one_hot_rows
from gradbook import probes
from gradbook.probes import functional as functional_landscape
from gradbook.probes import sequential
from gradbook.probes.reading import Rows

LOOP, GRADFIELD, GRADBOOK = "the loop", "gradfield", "gradbook"
GIVEN_MASKS = "the loop, given the masks"
Masks = Callable[[int], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Case:
    """One table. `loop` and `gradfield` are the ratios to reach, by points a side of the grid."""

    label: str
    parameter: str
    mode: str = "eval"
    regularizer: str = "none"
    masks: str = "common"
    tail: str = "relu"
    units: tuple[int, int] = (0, 1)
    options: Mapping[str, Any] = field(default_factory=dict)
    loop: Mapping[int, int] = field(default_factory=dict)
    gradfield: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Problem:
    """A network and all rows; `minibatches` [M, B] are row indices."""

    model: nn.Sequential
    inputs: Tensor
    targets: Tensor
    minibatches: Tensor

    def in_obvious_form(self) -> Problem:
        """The same with an `nn.Linear` on float one-hot rows in front."""
        rows = one_hot_rows(self.inputs, self.model.linear1.in_features, self.targets.dtype)
        return Problem(obvious_form(self.model), rows, self.targets, self.minibatches)


@dataclass(frozen=True)
class Way:
    """``run(rows, offsets)`` gives [M, G, G, 2]; slow ways get a part of the work.

    Attributes:
        minibatches: How many of the minibatches it is timed on.
        subgrid: Whether it is timed on a part of the grid: only where its time is proportional to
            the number of points.
        comparable: Whether its gradients must be the loop's; not where it draws its own masks.
    """

    name: str
    run: Callable[[Tensor, Tensor], Tensor]
    minibatches: int
    subgrid: bool = True
    comparable: bool = True


def ways(case: Case, problem: Problem, slow: int) -> Iterator[Way]:
    """All ways to the case's landscape; slow ones take the first `slow` minibatches."""
    obvious = problem.in_obvious_form()
    drawn = case.masks == "common" or case.mode == "eval"
    masks = masks_of(case, problem, slow) if drawn else None
    own = case.regularizer == "dropout" and case.mode == "train"
    if own and drawn:  # one mask a minibatch as people get it: by seeding again
        yield Way(LOOP, partial(loop, case, obvious), slow, comparable=False)
    name = GIVEN_MASKS if own and drawn else LOOP
    loops = {name: obvious, "the loop, with gathered columns": problem}
    for name, form in loops.items():
        run = partial(loop, case, form, masks_at=masks)
        yield Way(name, run, slow, comparable=drawn)
    if importlib.util.find_spec("gradfield"):
        yield Way(
            GRADFIELD, partial(gradfield, case, problem, masks_at=masks), slow, comparable=drawn
        )
    fresh = case.masks == "fresh"
    run = partial(torch_func, case, problem)
    yield Way("torch.func", run, min(slow, 2), subgrid=fresh, comparable=not own)
    everything = len(problem.minibatches)
    yield Way(GRADBOOK, partial(gradbook, case, problem), everything, subgrid=fresh)


def masks_of(case: Case, problem: Problem, minibatches: int) -> Masks | None:
    """Grid point number to the masks gradbook draws there; None where there is no dropout."""
    if case.regularizer != "dropout" or case.mode == "eval":
        return None
    modules = list(problem.model.train().named_children())
    shape, inputs, like = problem.minibatches.shape, problem.inputs.shape[-1], problem.targets

    @cache
    def masks_at(point: int) -> Mapping[str, Tensor]:
        drawn = sequential.Masks(modules, shape, inputs, like).draw(point)
        return {name: mask[:minibatches] for name, mask in drawn.items()}

    common = masks_at(0)
    return masks_at if case.masks == "fresh" else lambda point: common


class GivenMask(nn.Module):
    """Multiplies by a mask that somebody sets, in place of `nn.Dropout`."""

    factor: Tensor | float = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def ready(case: Case, problem: Problem, masks_at: Masks | None) -> nn.Sequential:
    """A copy of the network in the case's mode, its dropout replaced where masks are given."""
    model = copy.deepcopy(problem.model).train(case.mode == "train")
    for name, module in list(model.named_children()):
        if masks_at is not None and isinstance(module, nn.Dropout):
            setattr(model, name, GivenMask())
    return model


def set_masks(model: nn.Sequential, masks: Mapping[str, Tensor], m: int) -> None:
    for name, mask in masks.items():
        getattr(model, name).factor = mask[m]


def loop(
    case: Case, problem: Problem, rows: Tensor, offsets: Tensor, masks_at: Masks | None = None
) -> Tensor:
    """Set the two biases, forward, backward, read two numbers."""
    model = ready(case, problem, masks_at)
    bias = model.get_parameter(case.parameter)
    start = bias.detach().clone()
    result = bias.new_empty(len(rows), len(offsets), len(offsets), 2)
    for m, batch in enumerate(rows):
        for i, first in enumerate(offsets):
            for j, second in enumerate(offsets):
                if masks_at is not None:
                    set_masks(model, masks_at(i * len(offsets) + j), m)
                with torch.no_grad():
                    bias.copy_(start)
                    bias[case.units[0]] += first
                    bias[case.units[1]] += second
                if masks_at is None and case.masks == "common":
                    torch.manual_seed(m)
                model.zero_grad()
                outputs = model(problem.inputs[batch])
                functional.l1_loss(outputs, problem.targets[batch]).backward()
                result[m, i, j] = bias.grad[list(case.units)]
    return result.detach()


def gradfield(
    case: Case, problem: Problem, rows: Tensor, offsets: Tensor, masks_at: Masks | None = None
) -> Tensor:
    """gradfield's own loop over the grid, with frozen weights: it needs no gradient in them.

    It knows no minibatches, passes float64 scalars one point at a time, and fills [y, x].
    """
    from gradfield import sample_grid_torch

    model = ready(case, problem, masks_at).requires_grad_(False)
    bias = model.get_parameter(case.parameter)
    span = (offsets[0].item(), offsets[-1].item())
    result = []
    for m, batch in enumerate(rows):
        if masks_at is not None:
            set_masks(model, masks_at(0), m)

        def loss(first: Tensor, second: Tensor, batch: Tensor = batch) -> Tensor:
            shift = torch.stack([first, second]).to(bias)
            moved = {case.parameter: bias.index_add(0, torch.tensor(case.units), shift)}
            outputs = torch.func.functional_call(model, moved, (problem.inputs[batch],))
            return functional.l1_loss(outputs, problem.targets[batch])

        found = sample_grid_torch(loss, span, span, len(offsets))
        result.append(torch.stack([torch.from_numpy(found[name].T) for name in ("GX", "GY")], -1))
    return torch.stack(result).to(bias)


def torch_func(case: Case, problem: Problem, rows: Tensor, offsets: Tensor) -> Tensor:
    """`vmap` of `grad` over the whole network, what gradbook falls back to."""
    model = ready(case, problem, None)
    data = Rows.read(problem.inputs, problem.targets, "l1")
    entries = [(case.parameter, unit) for unit in case.units]
    e = offsets.to(problem.targets)
    return functional_landscape.by_torch_func(model, data, rows, entries, e, case.masks, 0)


def gradbook(case: Case, problem: Problem, rows: Tensor, offsets: Tensor) -> Tensor:
    landscape = probes.gradient_landscape(
        problem.model,
        problem.inputs,
        problem.targets,
        rows,
        case.parameter,
        offsets=offsets,
        units=case.units,
        mode=case.mode,
        masks=case.masks,
        **case.options,
    )
    return landscape.gradients
