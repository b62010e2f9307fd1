"""Many small nets trained at once: seeds, or strengths of a regularizer, side by side.

The nets are layers of the same shapes, so their weights fit one tensor, and a step is a few
products. Gradients are written out, as in `gardens`; so many members step at once as fit a cache.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.training import gardens
from gradbook.training.diets import LOGISTIC, Diet, Loss
from gradbook.training.layers import Block, Shape, dropout

CACHED = 2**18
"""Hidden activations that are at work at a time, in numbers; a megabyte of float32."""


@dataclass(frozen=True)
class Momentum:
    """Gradient descent, v ← μ v + g and θ ← θ − η v, as in `torch.optim.SGD`.

    Attributes:
        learning_rate: η, or one a member.
        momentum: μ.
    """

    learning_rate: float | Sequence[float]
    momentum: float = 0.0

    def step(self, weights: Tensor, gradient: Tensor, state: dict[str, Any]) -> None:
        """Move the weights [members, parameters] in place."""
        velocity = gradient
        if self.momentum:
            velocity = state.setdefault("velocity", torch.zeros_like(weights))
            velocity.mul_(self.momentum).add_(gradient)
        weights.addcmul_(velocity, _column(self.learning_rate, weights), value=-1)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba 2015), as in `torch.optim.Adam`.

    Attributes:
        learning_rate: η, or one a member.
        betas: Decay of the two running means.
        epsilon: Added to the root of the second.
    """

    learning_rate: float | Sequence[float]
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def step(self, weights: Tensor, gradient: Tensor, state: dict[str, Any]) -> None:
        """Move the weights [members, parameters] in place."""
        first = state.setdefault("first", torch.zeros_like(weights))
        second = state.setdefault("second", torch.zeros_like(weights))
        state["steps"] = steps = state.get("steps", 0) + 1
        one, two = self.betas
        first.lerp_(gradient, 1 - one)
        second.mul_(two).addcmul_(gradient, gradient, value=1 - two)
        scale = (second / (1 - two**steps)).sqrt_().add_(self.epsilon)
        rate = _column(self.learning_rate, weights) / (1 - one**steps)
        weights.addcdiv_(first * rate, scale, value=-1)


class Ensemble:
    """Nets of one shape, their weights side by side.

    Attributes:
        weights: All parameters [members, parameters]; `parameters` tells them apart.
        optimizer: The one that trained last; None before.
        state: What it carries from step to step.
    """

    def __init__(self, models: Sequence[nn.Sequential]) -> None:
        """Stack the weights and running statistics of nets; the nets stay as they were.

        Args:
            models: Sequences of `nn.Linear`, each but the last followed by `nn.ReLU`, with an
                `nn.BatchNorm1d` between where wanted. Dropout is a matter of the diet.

        Raises:
            ValueError: No net, other layers, or nets of different shapes.
        """
        if not models:
            raise ValueError("expected at least one net, got none")
        self.shape = Shape.of(models[0])
        for model in models:
            if Shape.of(model) != self.shape:
                raise ValueError(
                    f"expected nets of one shape, {self.shape}, got {Shape.of(model)}: "
                    "train other shapes in an ensemble of their own"
                )
        self._model = copy.deepcopy(models[0]).eval()
        self.weights = torch.stack([self.shape.flat(model) for model in models])
        self.statistics = self.shape.statistics(models)
        self.optimizer: Momentum | Adam | None = None
        self.state: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.weights)

    def parameters(self) -> dict[str, Tensor]:
        """Views of the weights under the modules' names [members, …], as in the modules."""
        return self.shape.named(self.weights)

    @torch.no_grad()
    def outputs(self, inputs: Tensor) -> Tensor:
        """Map inputs [n, d] or [members, n, d] to [members, n, outputs], evaluation mode."""
        inputs = _with_ones(inputs, self)
        blocks = _blocks(self, inputs.shape[1], torch.empty_like(self.weights))
        return torch.cat([block.outputs(inputs[part]) for part, block in blocks])

    def model(self, member: int) -> nn.Sequential:
        """One member as a net of its own, in evaluation mode."""
        model = copy.deepcopy(self._model)
        named = {name: value[member] for name, value in self.parameters().items()}
        for norm, found in self.statistics.items():
            named[f"{norm}.running_mean"], named[f"{norm}.running_var"] = found[member]
        model.load_state_dict(named, strict=False)
        return model

    def copy(self) -> Ensemble:
        """A copy with weights and optimizer state of its own."""
        return copy.deepcopy(self)


@torch.no_grad()
def train(
    nets: Ensemble,
    inputs: Tensor,
    targets: Tensor,
    optimizer: Momentum | Adam,
    *,
    steps: int,
    loss: Loss = LOGISTIC,
    diets: Diet | Sequence[Diet] | None = None,
    batches: Callable[[int], Tensor] | None = None,
    watch: Callable[[Ensemble], dict[str, Tensor]] | None = None,
    at: Collection[int] = (),
    seeds: Sequence[int] | None = None,
) -> tuple[Ensemble, dict[str, Tensor]]:
    """Train a copy of an ensemble on the mean loss of each member's rows.

    Trained on with an optimizer of the same kind, a copy keeps the optimizer's state: so a diet can
    be changed in mid-training.

    Args:
        nets: They stay as they were.
        inputs: [n, d] for all members, or [members, n, d].
        targets: [n], [n, outputs], or one set a member with members in front.
        optimizer: `Momentum` or `Adam`.
        steps: How many.
        loss: Of each row.
        diets: Weight decay (on every parameter), dropout (behind every ReLU) and spectral
            decoupling, for all members or one a member, none by default. They carry no noise.
        batches: Step (from 1) to the indices of its rows [batch] or [members, batch]; None takes
            all rows at every step.
        watch: What to record of the nets, with members in front.
        at: Steps after which to record; 0 is the start.
        seeds: Of the members' dropout masks; default 0, 1, ….

    Returns:
        The trained copy, and the records stacked [records, members, …].

    Raises:
        ValueError: Shapes or amounts do not fit the members; says which.
        FloatingPointError: A weight is no longer finite.
    """
    nets, members = nets.copy(), len(nets)
    if type(nets.optimizer) is not type(optimizer):
        nets.state = {}
    nets.optimizer = optimizer
    inputs = _with_ones(inputs, nets)
    targets = _like_outputs(targets, inputs, nets)
    diets = diets or Diet()
    diets = [diets] * members if isinstance(diets, Diet) else list(diets)
    seeds = range(members) if seeds is None else seeds
    if len(diets) != members or len(seeds) != members or any(diet.noise for diet in diets):
        raise ValueError(
            f"expected a diet without noise and a seed for each of {members} members, got "
            f"{diets} and {list(seeds)}"
        )
    decay = _column([diet.weight_decay for diet in diets], nets.weights)
    coupling = _column([diet.decoupling for diet in diets], nets.weights)[..., None]
    rates, generators = (
        [diet.dropout for diet in diets],
        [gardens.stream(seed, 3) for seed in seeds],
    )
    decays, couples, drops = bool(decay.any()), bool(coupling.any()), any(rates)
    gradient, records = torch.empty_like(nets.weights), []

    def record(step: int) -> None:
        finite = nets.weights.isfinite().all(1)
        if not finite.all():
            raise FloatingPointError(
                f"weights of members {(~finite).nonzero().flatten().tolist()} are not finite at "
                f"step {step}: lower the learning rate {optimizer.learning_rate}"
            )
        if watch is not None and step in at:
            records.append({name: value.clone() for name, value in watch(nets).items()})

    def slope(outputs: Tensor, answers: Tensor, coupling: Tensor) -> Tensor:
        slopes = torch.from_numpy(loss.slope(outputs.numpy(), answers.numpy()))
        if couples:
            slopes.addcmul_(outputs, coupling)
        return slopes.div_(outputs.shape[1])

    record(0)
    rows, answers, parts = inputs, targets, None
    for step in range(1, steps + 1):
        if batches is not None:
            chosen = batches(step).expand(members, -1)[..., None]
            rows = torch.take_along_dim(inputs, chosen, 1)
            answers = torch.take_along_dim(targets, chosen, 1)
        if parts is None:
            parts = [
                (part, block, dropout(rates[part], generators[part]) if drops else None)
                for part, block in _blocks(nets, rows.shape[1], gradient)
            ]
        for part, block, masks in parts:
            slopes = partial(slope, answers=answers[part], coupling=coupling[part])
            block.descend(rows[part], slopes, masks)
        if decays:
            gradient.addcmul_(nets.weights, decay)
        optimizer.step(nets.weights, gradient, nets.state)
        if step in at or step == steps:
            record(step)
    names = records[0] if records else ()
    return nets, {name: torch.stack([one[name] for one in records]) for name in names}


def _blocks(nets: Ensemble, rows: int, gradient: Tensor) -> list[tuple[slice, Block]]:
    """As many members at a time as fit the cache, for so many rows."""
    size = max(1, CACHED // (rows * nets.shape.widest))
    parts = [slice(start, start + size) for start in range(0, len(nets), size)]
    buffers: dict[Any, Tensor] = {}
    return [
        (
            part,
            Block(
                nets.shape,
                nets.weights[part],
                gradient[part],
                {name: found[part] for name, found in nets.statistics.items()},
                buffers,
            ),
        )
        for part in parts
    ]


def _with_ones(inputs: Tensor, nets: Ensemble) -> Tensor:
    """Inputs [members, n, d + 1] whose last column is 1."""
    members, width = len(nets), nets.shape.widths[0]
    if (
        inputs.ndim not in (2, 3)
        or inputs.shape[-1] != width
        or inputs.shape[:-2]
        not in (
            (),
            (members,),
        )
    ):
        raise ValueError(
            f"expected inputs [n, {width}] or [{members}, n, {width}], got {list(inputs.shape)}"
        )
    inputs = inputs.to(nets.weights.dtype)
    return torch.cat([inputs, torch.ones_like(inputs[..., :1])], -1).expand(members, -1, -1)


def _like_outputs(targets: Tensor, inputs: Tensor, nets: Ensemble) -> Tensor:
    """Targets [members, n, outputs]."""
    members, rows, outputs = len(nets), inputs.shape[1], nets.shape.widths[-1]
    whole = (members, rows, outputs)
    for shape in ((rows,), (rows, outputs), (members, rows), whole):
        if targets.shape == shape:
            break
    else:
        raise ValueError(
            f"expected targets [{rows}], [{rows}, {outputs}], or these for each of {members} "
            f"members, got {list(targets.shape)}"
        )
    if len(shape) == 1 or shape == (members, rows):
        targets = targets[..., None]
    return targets.to(nets.weights.dtype).expand(whole)


def _column(amounts: float | Sequence[float], weights: Tensor) -> Tensor:
    """One amount a member [members, 1], of the weights' kind."""
    column = torch.as_tensor(amounts, dtype=weights.dtype).reshape(-1, 1)
    return column.expand(len(weights), 1)
