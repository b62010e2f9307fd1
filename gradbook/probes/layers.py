"""What one pass sees at several layers: what enters and leaves them, and the errors there.

With error δ = ∂L/∂(output) and input h, a minibatch's gradient in a layer's bias is Σ_rows δ and
in its weights Σ_rows δ hᵀ. Both follow from one forward and one backward pass for all layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gradbook.probes import sequential
from gradbook.probes.guard import untouched
from gradbook.training import LOSSES


@dataclass(frozen=True, eq=False)
class LayerPass:
    """What M minibatches of B rows leave at one layer.

    Attributes:
        entering: The layer's input h [M, B, n].
        leaving: Its output [M, B, units].
        errors: δ, the derivative of a minibatch's mean loss by the layer's output [M, B, units].
    """

    entering: Tensor
    leaving: Tensor
    errors: Tensor

    def bias_gradients(self) -> Tensor:
        """Each minibatch's gradient in the bias, or in batch norm's β [M, units]."""
        return self.errors.sum(1)

    def weight_products(self) -> Tensor:
        """Inner products of the minibatches' gradients in a linear layer's weights [M, M].

        ⟨Σ δ hᵀ, Σ δ′ h′ᵀ⟩ = Σ (δ·δ′)(h·h′), summed over the rows of both.
        """
        h, delta = self.entering.flatten(0, 1), self.errors.flatten(0, 1)
        kernel = (h @ h.T).mul_(delta @ delta.T)
        minibatches, batch = self.errors.shape[:2]
        return kernel.view(minibatches, batch, minibatches, batch).sum((1, 3))


@torch.no_grad()
def layer_passes(
    model: nn.Sequential,
    inputs: Tensor,
    targets: Tensor,
    rows: Tensor,
    names: Sequence[str],
    *,
    mode: str = "eval",
    loss: str = "l1",
    seed: int = 0,
) -> dict[str, LayerPass]:
    """Inputs and errors of several layers in one pass over all minibatches.

    Each minibatch has its own batch statistics and dropout masks, the ones that
    `gradbook.probes.minibatch_gradients` gives it for the same seed.

    Args:
        model: An `nn.Sequential`; it is left exactly as it was.
        inputs: All rows' inputs [n, …].
        targets: All rows' targets [n, outputs].
        rows: Row indices of the minibatches [M, B].
        names: Modules of the Sequential, such as ``["linear2", "norm2"]``.
        mode: ``"eval"`` or ``"train"``.
        loss: One of `training.LOSSES`.
        seed: Seed of dropout's masks.

    Raises:
        ValueError: The network is no Sequential, has no such module, or the loss is unknown.
    """
    if loss not in LOSSES:
        raise ValueError(f"expected a loss of {list(LOSSES)}, got {loss!r}")
    with untouched(model, mode):
        modules = sequential.taken_apart(model)
        known = [name for name, _ in modules]
        if not names or not set(names) <= set(known):
            raise ValueError(f"expected modules of an nn.Sequential, of {known}, got {list(names)}")
        first = min(known.index(name) for name in names)
        y = targets[rows]
        masks = sequential.Masks(modules, rows.shape, inputs.shape[-1], like=y).draw(seed)
        x = sequential.run(modules[:first], inputs[rows], masks)
        entering, outputs = {}, {}
        with torch.enable_grad():
            for name, module in modules[first:]:
                before, x = x, sequential.run([(name, module)], x, masks)
                if name in names:
                    x = x if x.requires_grad else x.requires_grad_()
                    entering[name], outputs[name] = before.detach(), x
            losses = LOSSES[loss](x, y, reduction="none")
            errors = torch.autograd.grad(losses.sum() / y[0].numel(), list(outputs.values()))
    return {
        name: LayerPass(entering[name], output.detach(), error)
        for (name, output), error in zip(outputs.items(), errors, strict=True)
    }


@torch.no_grad()
def weight_landscape(
    model: nn.Sequential,
    inputs: Tensor,
    targets: Tensor,
    rows: Tensor,
    layer: str,
    *,
    units: tuple[int, int],
    source: int | None,
    offsets: Tensor,
    mode: str = "eval",
    loss: str = "l1",
    seed: int = 0,
) -> Tensor:
    """Gradient of each minibatch in two weights, over a grid of their values [M, G, G, 2].

    The weights lead from one unit below, the source, to two units of the layer. A weight that moves
    by e moves its unit's output by e times what the source sends. Dropout keeps its masks. Every
    grid point is passed through the rest of the network and back, round-off included.

    Args:
        model: An `nn.Sequential`; it is left exactly as it was.
        inputs: All rows' inputs [n, …].
        targets: All rows' targets [n, outputs].
        rows: Row indices of the minibatches [M, B].
        layer: A linear layer of the Sequential.
        units: The two units of the layer.
        source: The unit below; None for the units' biases, whose source always sends 1.
        offsets: Values added to the two weights, the same in both directions [G].
        mode: ``"eval"`` or ``"train"``.
        loss: One of `training.LOSSES`.
        seed: Seed of dropout's masks.

    Raises:
        ValueError: There is no such linear layer in a Sequential, or the loss is unknown.
    """
    if loss not in LOSSES:
        raise ValueError(f"expected a loss of {list(LOSSES)}, got {loss!r}")
    with untouched(model, mode):
        modules = sequential.taken_apart(model)
        linear = [name for name, module in modules if isinstance(module, nn.Linear)]
        if layer not in linear:
            raise ValueError(
                f"expected a linear layer of an nn.Sequential, of {linear}, got {layer!r}"
            )
        cut = [name for name, _ in modules].index(layer)
        y = targets[rows]
        masks = sequential.Masks(modules, rows.shape, inputs.shape[-1], like=y).draw(seed)
        h = sequential.run(modules[:cut], inputs[rows], masks)
        z = sequential.run(modules[cut : cut + 1], h, masks)
        sent = torch.ones_like(z[..., 0]) if source is None else h[..., source]
        points = []
        for e in torch.cartesian_prod(offsets, offsets):
            moved = z.clone()
            moved[..., list(units)] += sent.unsqueeze(-1) * e
            with torch.enable_grad():
                moved.requires_grad_()
                outputs = sequential.run(modules[cut + 1 :], moved, masks)
                losses = LOSSES[loss](outputs, y, reduction="none")
                (delta,) = torch.autograd.grad(losses.sum() / y[0].numel(), moved)
            points.append((delta[..., list(units)] * sent.unsqueeze(-1)).sum(1))
    return torch.stack(points, 1).unflatten(1, (len(offsets), len(offsets)))
