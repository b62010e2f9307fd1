"""Decisions, doses and responses on two moons as training goes on; a job is a margin.

Each margin has courses: one regularizer throughout, or one until some epoch and then another, with
weights and momentum as they were. All seeds of all courses train in few ensembles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models
from gradbook.chapters.starvation import moons
from gradbook.probes.dose import dose
from gradbook.training import diets, ensemble

Course = Sequence[Sequence[Any]]
"""One or two stages: [regularizer, strength], and [epoch before it, regularizer, strength]."""

MAIN = [["none", 0.0], ["weight decay", 0.01], ["dropout", 0.7], ["spectral decoupling", 0.006]]
SWITCHES = (250, 500)

CONFIG: dict[str, Any] = {
    "seeds": list(range(10, 20)),  # the first is drawn; 0 to 9 were the pilot
    "width": 500,
    "learning_rate": 0.01,
    "momentum": 0.9,
    "epochs": [
        *(0, 1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 250),
        *(260, 275, 300, 350, 400, 450, 500, 510, 525, 550, 600, 650, 700, 800, 900, 1000),
    ],
    "courses": [
        [["none", 0.0]],
        [["weight decay", 0.001]],
        [["weight decay", 0.01]],
        [["weight decay", 0.1]],
        [["dropout", 0.3]],
        [["dropout", 0.7]],
        [["batch norm", 0.0]],
        [["spectral decoupling", 0.002]],
        [["spectral decoupling", 0.006]],
        [["spectral decoupling", 0.06]],
        *([a, [epoch, *b]] for a in MAIN for epoch in SWITCHES for b in MAIN if a != b),
    ],
    "grid": [[-moons.REACH, moons.REACH, 21]] * 2,
    "straight": 3,
    "curves": [
        *("dose_1", "dose_2", "straight", "bent", "share_1", "share_2"),
        *("loss", "accuracy", "erased"),
    ],
}
JOBS = (-0.1, 0.1)


def measure(
    margin: float, config: dict[str, Any], *, on_look: Callable[[], None] = lambda: None
) -> dict[str, np.ndarray]:
    """Train along every course, and look at the nets at its epochs.

    Args:
        margin: Between the moons.
        config: As `CONFIG`.
        on_look: Called whenever the nets of an ensemble have been looked at.

    Returns:
        ``curves`` [R, C] and ``field`` int8 [R, G₁, G₂] with ``scale`` [R] of the first seed, its
        examples ``points`` [n, 2] and ``labels`` [n], and ``low`` and ``high`` [R, C], the smallest
        and the largest of the curves over all seeds. A course with a switch has records only after
        it; R counts those of all courses, one course after the other. C is ``config["curves"]``:

        - ``dose_1``, ``dose_2``: dose less erosion, by the logistic loss alone in evaluation mode,
          of the first layer's weights that read coordinate 1, or 2;
        - ``straight``, ``bent``: root mean square over the examples of the answers' part in the
          leading tangent features of the start, and of the rest;
        - ``share_1``, ``share_2``: share of the decision over the plane that a coordinate carries,
          `moons.carried` of the middles of the grid's cells;
        - ``loss``, ``accuracy``, and ``erased``: accuracy with coordinate 1 set to 0.

    Raises:
        ValueError: A course switches from batch norm or to it.
    """
    examples = [moons.moons(seed, margin=margin) for seed in config["seeds"]]
    inputs, targets = (
        torch.from_numpy(np.stack(each)).float() for each in zip(*examples, strict=True)
    )
    look = _Look.at(inputs, targets, config, on_look)
    courses = [tuple(map(tuple, course)) for course in config["courses"]]
    switches = sorted({course[1][0] for course in courses if len(course) == 2})
    if fixed := [c for c in courses if len(c) == 2 and "batch norm" in (c[0][0], c[1][1])]:
        raise ValueError(
            f"expected a switch between regularizers of one net, got one from {fixed[0][0][0]} to "
            f"{fixed[0][1][1]}: batch norm is a layer, and with or without it is another net"
        )
    tracks: dict[Any, dict[str, Tensor]] = {}  # a course's records
    kept: dict[Any, ensemble.Ensemble] = {}  # nets at a switch, by their first stage and its epoch

    def train(together: list[Any], nets: ensemble.Ensemble, switch: int) -> None:
        """Train courses of one kind side by side, from an epoch on, and keep what is switched."""
        epochs = [epoch for epoch in config["epochs"] if epoch > switch or not switch]
        coming = iter(epochs)
        repeated = inputs.repeat(len(together), 1, 1), targets.repeat(len(together), 1)

        def watch(now: ensemble.Ensemble) -> dict[str, Tensor]:
            epoch = next(coming)
            if epoch in switches and not switch:
                for number, course in enumerate(together):
                    kept[course[0], epoch] = _members(now, number, len(inputs))
            return look(now)

        records = ensemble.train(
            nets,
            *repeated,
            ensemble.Momentum(config["learning_rate"], config["momentum"]),
            steps=epochs[-1] - switch,
            diets=[moons.training(*course[-1][-2:]).diet for course in together for _ in inputs],
            watch=watch,
            at=[epoch - switch for epoch in epochs],
            seeds=[10_000 * switch + seed for _ in together for seed in config["seeds"]],
        )[1]
        for number, course in enumerate(together):
            rows = slice(number * len(inputs), (number + 1) * len(inputs))
            tracks[course] = {name: values[:, rows] for name, values in records.items()}

    for first in _alike([course for course in courses if len(course) == 1]):
        kind = "batch norm" if first[0][0][0] == "batch norm" else "none"
        start = [_net(seed, config["width"], kind) for _ in first for seed in config["seeds"]]
        train(first, ensemble.Ensemble(start), 0)
    for switch in switches:
        for later in _alike(
            [course for course in courses if course[1:] and course[1][0] == switch]
        ):
            train(later, _joined([kept[course[0], switch] for course in later]), switch)
    curves = torch.cat([tracks[course]["curves"] for course in courses])  # [R, seeds, C]
    field = torch.cat([tracks[course]["field"][:, 0] for course in courses])
    scale = field.abs().amax((1, 2))
    return {
        "curves": curves[:, 0].float().numpy(),
        "low": curves.amin(1).float().numpy(),
        "high": curves.amax(1).float().numpy(),
        "field": (127 * field / scale[:, None, None]).round().to(torch.int8).numpy(),
        "scale": scale.float().numpy(),
        "points": inputs[0].float().numpy(),
        "labels": targets[0].to(torch.int8).numpy(),
    }


def _alike(courses: Sequence[Any]) -> list[list[Any]]:
    """Courses that train together: masks or norms of one would cost all others as much."""
    groups: dict[str, list[Any]] = {}
    for course in courses:
        name = course[-1][-2]
        groups.setdefault(name if name in ("dropout", "batch norm") else "", []).append(course)
    return list(groups.values())


def _members(nets: ensemble.Ensemble, number: int, count: int) -> ensemble.Ensemble:
    """A copy of some members, with what their optimizer carries."""
    rows = slice(number * count, (number + 1) * count)
    some = nets.copy()
    some.weights = nets.weights[rows].clone()
    some.state = {name: values[rows].clone() for name, values in nets.state.items()}
    some.statistics = {name: values[rows].clone() for name, values in nets.statistics.items()}
    return some


def _joined(parts: Sequence[ensemble.Ensemble]) -> ensemble.Ensemble:
    """Members of several ensembles as one."""
    nets = parts[0].copy()
    nets.weights = torch.cat([part.weights for part in parts])
    nets.state = {name: torch.cat([part.state[name] for part in parts]) for name in nets.state}
    return nets


@dataclass(frozen=True, eq=False)
class _Look:
    """What is recorded of an ensemble whose members are courses of the same seeds."""

    inputs: Tensor
    targets: Tensor
    grid: list[Tensor]  # along either coordinate
    leading: Tensor  # tangent features of the start, orthonormal [seeds, n, straight]
    on_look: Callable[[], None]

    @classmethod
    def at(cls, inputs: Tensor, targets: Tensor, config: dict[str, Any], on_look: Any) -> _Look:
        leading = [
            torch.linalg.svd(_tangent_features(_net(seed, config["width"]), rows), False)[0]
            for seed, rows in zip(config["seeds"], inputs, strict=True)
        ]
        straight = torch.stack(leading)[..., : config["straight"]]
        grid = [torch.linspace(*axis) for axis in config["grid"]]
        return cls(inputs, targets, grid, straight, on_look)

    def __call__(self, nets: ensemble.Ensemble) -> dict[str, Tensor]:
        courses = len(nets) // len(self.inputs)
        inputs, targets = self.inputs.repeat(courses, 1, 1), self.targets.repeat(courses, 1)
        leading = self.leading.repeat(courses, 1, 1)
        answers = nets.outputs(inputs)[..., 0]
        erased = inputs.clone()
        erased[..., 0] = 0
        cells = self._plane(nets, [(line[1:] + line[:-1]) / 2 for line in self.grid])
        straight = torch.bmm(leading, torch.bmm(leading.mT, answers[..., None]))[..., 0]
        numbers = [
            *self._doses(nets, inputs, targets).unbind(-1),
            _root_mean_square(straight),
            _root_mean_square(answers - straight),
            *(_carried(planes) for planes in (cells.mT, cells)),
            diets.LOGISTIC.value(answers, targets).mean(-1),
            (answers * targets > 0).float().mean(-1),
            (nets.outputs(erased)[..., 0] * targets > 0).float().mean(-1),
        ]
        self.on_look()
        return {"curves": torch.stack(numbers, -1), "field": self._plane(nets, self.grid)}

    @staticmethod
    def _plane(nets: ensemble.Ensemble, grid: list[Tensor]) -> Tensor:
        shape = [len(line) for line in grid]
        return nets.outputs(torch.cartesian_prod(*grid))[..., 0].unflatten(1, shape)

    def _doses(self, nets: ensemble.Ensemble, inputs: Tensor, targets: Tensor) -> Tensor:
        weights = f"{nets.shape.linears[0]}.weight"
        groups = {f"coordinate {i + 1}": {weights: (slice(None), i)} for i in (0, 1)}
        found = []
        for member, (rows, right) in enumerate(zip(inputs, targets, strict=True)):
            fed = dose(nets.model(member), groups, rows, right[:, None], loss=diets.LOGISTIC.value)
            found.append(fed.dose - fed.erosion)
        return torch.stack(found)


def _tangent_features(model: nn.Module, inputs: Tensor) -> Tensor:
    """The derivative of every answer in every parameter [n, parameters]."""
    weights = {name: value.detach() for name, value in model.named_parameters()}

    def answers(at: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(model, at, (inputs,))[:, 0]

    return torch.cat([part.flatten(1) for part in torch.func.jacrev(answers)(weights).values()], 1)


def _carried(planes: Tensor) -> Tensor:
    return torch.from_numpy(moons.carried(planes.numpy()))


def _net(seed: int, width: int, regularizer: str = "none") -> nn.Sequential:
    return models.mlp(2, (width,), regularizer=regularizer, one_hot=False, seed=seed)


def _root_mean_square(values: Tensor) -> Tensor:
    return values.square().mean(-1).sqrt()
