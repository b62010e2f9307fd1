"""What every probe promises: the network is as it was, also after an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def untouched(model: nn.Module, mode: str) -> Iterator[None]:
    """Put a network into a mode; give back modes, buffers, gradients and random state.

    Args:
        model: The network to probe.
        mode: ``"eval"`` or ``"train"``.

    Raises:
        ValueError: Another mode.
    """
    if mode not in ("eval", "train"):
        raise ValueError(f"expected mode 'eval' or 'train', got {mode!r}")
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    devices = {parameter.device for parameter, _ in gradients if parameter.is_cuda}
    try:
        with torch.random.fork_rng(devices=list(devices)):
            model.train(mode == "train")
            yield
    finally:
        for module, was_training in modes:
            module.training = was_training
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        for parameter, gradient in gradients:
            parameter.grad = gradient
