"""What weight decay takes in one step of the optimizer in use.

The step of SGD, momentum, Adam and AdamW is linear in the gradients that its first moment holds,
so decay has a share of its own in it, c ⊙ w with w the weights before the step::

    SGD          c = ηλ
    momentum     c = ηλ f,  f = μ^(t−1) + (1 − τ)(1 − μ^(t−1))/(1 − μ) after t steps with
                 dampening τ; with Nesterov's form 1 + μf in place of f
    Adam, L2     c = ηλ / (√v̂ + ε), with the step's own denominators
    AdamW        c = ηλ

Exact for SGD and AdamW. A first moment remembers the weights of earlier steps; here they count as
the present ones, which is wrong by at most the relative change of the weights over the 1/(1 − β)
steps that it remembers.

Source: Goh 2017 (momentum's factor); Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019,
algorithm 2; the code of `torch.optim`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

KNOWN = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW)
"""Optimizers whose decay is known; a subclass may step otherwise and does not count."""


def decay_shares(
    optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor], taken: float = math.inf
) -> list[float | Tensor]:
    """What decay takes in the step just made, as a multiple c of each weight before it.

    Args:
        optimizer: After its step.
        parameters: Whose shares are asked for.
        taken: How many steps its first moment remembers, this one included.

    Returns:
        One a parameter: a number, or a tensor of the parameter's shape; 0 where the optimizer did
        not move it, nan for an optimizer that is none of `KNOWN`.
    """
    found: dict[int, float | Tensor] = {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            if type(optimizer) not in KNOWN:
                found[id(parameter)] = math.nan
            elif type(optimizer) is torch.optim.SGD:
                found[id(parameter)] = _sgd(group, taken)
            else:
                found[id(parameter)] = _adam(group, optimizer.state[parameter])
    return [found.get(id(parameter), 0.0) for parameter in parameters]


def ascends(optimizer: torch.optim.Optimizer) -> bool:
    """Whether the optimizer climbs: a dose is then what the negative of the gradient gives."""
    return any(group.get("maximize", False) for group in optimizer.param_groups)


def _sgd(group: dict, taken: float) -> float:
    rate = float(group["lr"]) * float(group["weight_decay"])
    momentum = float(group["momentum"])
    if not momentum:
        return rate
    first = 0.0 if math.isinf(taken) else momentum ** (taken - 1)
    factor = first + (1 - float(group["dampening"])) * (1 - first) / (1 - momentum)
    return rate * (1 + momentum * factor if group["nesterov"] else factor)


def _adam(group: dict, state: dict) -> float | Tensor:
    rate = float(group["lr"]) * float(group["weight_decay"])
    if not rate or group.get("decoupled_weight_decay", False):
        return rate
    seconds = state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"]
    correction = 1 - float(group["betas"][1]) ** float(state["step"])
    return rate / ((seconds / correction).sqrt() + group["eps"])
