"""What follows from the Gram matrix K of per-example gradients (`per_example.example_gram`).

The norm of every minibatch's gradient, and every cosine between two.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.probes.checks import kernel as checked
from gradbook.probes.checks import minibatches, scaled


def gram_noise_scale(kernel: Tensor) -> float:
    """B_simple = tr Σ / ‖G‖² from a Gram matrix [n, n]; see `noise_scale`.

    Raises:
        TypeError: The kernel is no tensor of floats.
        ValueError: It is not square, is empty, or holds what is no finite number.
    """
    kernel = scaled(checked(kernel))
    return (kernel.diagonal().mean() / kernel.mean() - 1).item()


def gram_products(kernel: Tensor, rows: Tensor) -> Tensor:
    """Inner products of the gradients of M minibatches [M, B], each with each [M, M].

    Raises:
        TypeError: The kernel is no tensor of floats, or the rows no tensor.
        ValueError: The kernel is not [n, n] of finite numbers, or the rows no integers from 0 to
            n − 1.
    """
    minibatches(rows, len(checked(kernel)))
    members = torch.zeros(len(rows), len(kernel)).to(kernel)
    members.scatter_add_(1, rows.to(kernel.device), torch.ones(rows.shape).to(kernel))
    return members @ kernel @ members.T / rows.shape[1] ** 2


def product_cosines(products: Tensor) -> Tensor:
    """Cosines from inner products [M, M]: the pairs i < j in order; nan where one is zero.

    Raises:
        TypeError, ValueError: As `gram_noise_scale`.
    """
    norms = checked(products).diagonal().sqrt()
    norms = norms.where(norms > 0, torch.nan)
    first, second = torch.triu_indices(len(products), len(products), 1)
    return (products / norms[:, None] / norms)[first, second].clamp(-1, 1)


def product_ratio(products: Tensor) -> float:
    """E⟨g, g′⟩ / E‖g‖² from the inner products of M minibatch gradients [M, M].

    Raises:
        TypeError, ValueError: As `gram_noise_scale`; or there are fewer than two.
    """
    products = scaled(checked(products, 2))
    first, second = torch.triu_indices(len(products), len(products), 1)
    return (products[first, second].mean() / products.diagonal().mean()).item()
