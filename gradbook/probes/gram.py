"""Inner products of per-example gradients of a whole network, without holding the gradients.

A linear layer's gradient for example i is the outer product of its output error d_i and its input
a_i, so  ⟨g_i, g_j⟩ = Σ_layers (a_i·a_j + 1)(d_i·d_j),  the 1 being the bias. The Gram matrix K of
all pairs gives every minibatch gradient's norm and every cosine between two minibatches.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook.models import OneHotLinear
from gradbook.probes.guard import untouched
from gradbook.training import LOSSES


def gram(model: nn.Module, inputs: Tensor, targets: Tensor, *, loss: str = "l1") -> Tensor:
    """Gram matrix of the per-example gradients in all parameters, evaluation mode [n, n].

    Args:
        model: A network whose parameters all sit in linear layers; it is left as it was.
        inputs: [n, …].
        targets: [n, outputs].
        loss: One of `training.LOSSES`.

    Raises:
        ValueError: A parameter sits in another kind of layer, a layer is used twice, or the loss
            is unknown.
    """
    if loss not in LOSSES:
        raise ValueError(f"expected a loss of {list(LOSSES)}, got {loss!r}")
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | OneHotLinear)]
    inside = {id(p) for layer in layers for p in layer.parameters()}
    if outside := [name for name, p in model.named_parameters() if id(p) not in inside]:
        raise ValueError(f"expected parameters in linear layers only, got also {outside}")
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []

    def keep(layer: nn.Module, arguments: tuple[Tensor], output: Tensor) -> Tensor:
        if any(layer is other for other, *_ in seen):
            raise ValueError(f"expected every linear layer to be used once, got {layer} twice")
        output = output.detach().requires_grad_() if not seen else output
        seen.append((layer, arguments[0].detach(), output))
        return output.clone()  # what follows may work in place

    hooks = [layer.register_forward_hook(keep) for layer in layers]
    try:
        with untouched(model, "eval"):
            losses = LOSSES[loss](model(inputs), targets, reduction="none").mean(-1)
            errors = torch.autograd.grad(losses.sum(), [output for *_, output in seen])
    finally:
        for hook in hooks:
            hook.remove()
    kernel = torch.zeros(len(inputs), len(inputs)).to(targets)
    for (layer, activation, _), error in zip(seen, errors, strict=True):
        if isinstance(layer, OneHotLinear):
            ones = functional.one_hot(activation, layer.in_features).sum(1)
            activation = ones.to(error)
        shared = activation @ activation.T
        if layer.bias is not None:
            shared += 1
        kernel += shared.mul_(error @ error.T)
    return kernel


def gram_noise_scale(kernel: Tensor) -> float:
    """B_simple = tr Σ / ‖G‖² from a Gram matrix [n, n]; see `minibatch.noise_scale`."""
    return (kernel.diagonal().mean() / kernel.mean() - 1).item()


def gram_products(kernel: Tensor, rows: Tensor) -> Tensor:
    """Inner products of the gradients of M minibatches [M, B], each with each [M, M]."""
    members = torch.zeros(len(rows), len(kernel)).to(kernel)
    members.scatter_add_(1, rows.to(kernel.device), torch.ones(rows.shape).to(kernel))
    return members @ kernel @ members.T / rows.shape[1] ** 2


def product_cosines(products: Tensor) -> Tensor:
    """Cosines from inner products [M, M]: the pairs i < j in order; nan where one is zero."""
    norms = products.diagonal().sqrt()
    first, second = torch.triu_indices(len(products), len(products), 1)
    return (products / norms[:, None] / norms)[first, second].clamp(-1, 1)


def product_ratio(products: Tensor) -> float:
    """E⟨g, g′⟩ / E‖g‖² from the inner products of M minibatch gradients [M, M]."""
    first, second = torch.triu_indices(len(products), len(products), 1)
    return (products[first, second].mean() / products.diagonal().mean()).item()
