"""What one pass sees at several layers: what enters and leaves them, and the errors there.

With error δ = ∂L/∂(output) and input h, a minibatch's gradient in a layer's bias is Σ_rows δ and
in its weights Σ_rows δ hᵀ. Both follow from one forward and one backward pass for all layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes import rows_alone, sequential
from gradbook.probes.batches import minibatches_of
from gradbook.probes.checks import whole
from gradbook.probes.guard import stand_in, untouched
from gradbook.probes.losses import Each
from gradbook.probes.proofs import ready
from gradbook.probes.reading import (
    Inputs,
    Loss,
    Output,
    Rows,
    refuse_lost,
    watched,
)


@dataclass(frozen=True, eq=False)
class LayerPass:
    """What M minibatches of B rows leave at one layer.

    Attributes:
        entering: The layer's input h [M, B, …, n].
        leaving: Its output [M, B, …, units].
        errors: δ, the derivative of a minibatch's mean loss by the layer's output.
    """

    entering: Tensor
    leaving: Tensor
    errors: Tensor

    def bias_gradients(self) -> Tensor:
        """Each minibatch's gradient in the bias of a linear layer, or in batch norm's β [M, units].

        Where the layer adds it to its output, units last.
        """
        return self.errors.flatten(1, -2).sum(1)

    def weight_products(self) -> Tensor:
        """Inner products of the minibatches' gradients in a linear layer's weights [M, M].

        ⟨Σ δ hᵀ, Σ δ′ h′ᵀ⟩ = Σ (δ·δ′)(h·h′), summed over the rows of both. Half precision is
        multiplied in float32.
        """
        wide = torch.promote_types(self.errors.dtype, torch.float32)
        h, delta = (part.flatten(0, -2).to(wide) for part in (self.entering, self.errors))
        kernel = (h @ h.T).mul_(delta @ delta.T)
        minibatches = len(self.errors)
        batch = len(delta) // minibatches
        return kernel.view(minibatches, batch, minibatches, batch).sum((1, 3))


@torch.no_grad()
def layer_passes(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    rows: Tensor | None = None,
    names: Sequence[str] = (),
    *,
    mode: str = "eval",
    loss: Loss = "l1",
    seed: int = 0,
    output: Output | None = None,
) -> dict[str, LayerPass]:
    """Inputs and errors of several layers in one pass over all minibatches.

    Each minibatch has its own batch statistics and dropout masks, the ones that
    `gradbook.probes.minibatch_gradients` gives it for the same seed. In an `nn.Sequential` of known
    modules on plain rows they go through together, elsewhere one after the other.

    Args:
        model: Any network; it is left exactly as it was.
        inputs: All rows' inputs [n, …]; a tuple or dict of tensors for several arguments. Or a
            `DataLoader` of (inputs, targets), each batch of which is a minibatch.
        targets: All rows' targets [n, …]; None with a `DataLoader`.
        rows: Row indices of the minibatches [M, B]; None with a `DataLoader`.
        names: Modules, such as ``["linear2", "norm2"]``, each called once, with a tensor for a
            tensor.
        mode: ``"eval"`` or ``"train"``.
        loss: Default ``"l1"``; see `gradbook.probes.losses`.
        seed: Seed of dropout's masks.
        output: What makes a tensor of what the network returns.

    Returns:
        Name to what enters the layer, what leaves it, and the error there.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: There is no such module or it is not called once, or an argument does not fit.

    Cost: one forward and one backward pass of M · B rows; where minibatches go one after the other,
    one forward pass more of the rows in them, which looks for losses that are no numbers.
    """
    whole(seed, "seed", 0)
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"expected a list of modules' names, got {names!r}")
    found: list[dict[str, tuple[Tensor, ...]]] = []
    with untouched(model, mode) as net:
        known = [name for name, _ in net.named_modules() if name]
        if not names or not all(isinstance(n, str) and n in known for n in names):
            raise ValueError(f"expected modules of the network, of {known}, got {list(names)}")
        for data, indices in minibatches_of(inputs, targets, rows, loss, output):
            ready(model, net, mode, data, list(names))
            modules = sequential.taken_apart(net, data)
            listed = [name for name, _ in modules]
            parts = [part for _, part in modules]
            once = all(n in listed and parts.count(parts[listed.index(n)]) == 1 for n in names)
            drawn = seed + len(found)
            if once:
                (x,), y = data.inputs, data.targets[indices]
                masks = sequential.Masks(modules, indices.shape, x.shape[-1], like=y).draw(drawn)
                each = watched(net, data, indices)
                found.append(_together(modules, x[indices], y, list(names), masks, each))
                continue
            refuse_lost(net, data, indices)
            for number, batch in enumerate(indices):
                torch.manual_seed(drawn + number)
                one = _alone(stand_in(net), data.take(batch), list(names))
                found.append({name: tuple(part[None] for part in one[name]) for name in names})
    return {name: LayerPass(*_joined([one[name] for one in found])) for name in names}


def _joined(passes: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
    shapes = sorted({tuple(leaving.shape[1:]) for _, leaving, _ in passes})
    if len(shapes) > 1:
        raise ValueError(
            f"expected minibatches that leave equal shapes at a layer, got {shapes}: give them one "
            "size, such as with a DataLoader's drop_last=True"
        )
    return [kind[0] if len(kind) == 1 else torch.cat(kind) for kind in zip(*passes, strict=True)]


def _together(
    modules: sequential.Modules,
    x: Tensor,
    y: Tensor,
    names: list[str],
    masks: sequential.Drawn,
    loss: Each,
) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """All minibatches in one pass through a Sequential: what enters, what leaves, errors."""
    first = min(number for number, (name, _) in enumerate(modules) if name in names)
    x = sequential.run(modules[:first], x, masks)
    entering, outputs = {}, {}
    with torch.enable_grad():
        for name, module in modules[first:]:
            before, x = x, sequential.run([(name, module)], x, masks)
            if name in names:
                x = x if x.requires_grad else x.requires_grad_()
                entering[name], outputs[name] = before.detach(), x
        losses = loss(x, y)
        errors = torch.autograd.grad(losses.sum() / y[0].numel(), list(outputs.values()))
    return {
        name: (entering[name], output.detach(), error)
        for (name, output), error in zip(outputs.items(), errors, strict=True)
    }


@torch.enable_grad()
def _alone(
    net: nn.Module, batch: Rows, names: list[str]
) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """What one minibatch leaves at each module of a stand-in: what enters, what leaves, errors."""
    calls: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in names}

    def note(name: str, module: nn.Module, given: tuple, by_name: dict, found: object) -> object:
        given = (*given, *by_name.values())
        if len(given) != 1 or not isinstance(given[0], Tensor) or not isinstance(found, Tensor):
            raise ValueError(f"expected a module that makes a tensor of one, got {name!r}")
        if torch._C._functorch.is_functorch_wrapped_tensor(found):
            raise ValueError(
                f"expected modules that are called once, got {name!r} inside torch.func"
            )
        found = found if found.requires_grad else found.requires_grad_()
        found.retain_grad()
        calls[name].append((given[0].detach().clone(), found))
        return found.clone()  # it may be worked on in place

    modules = dict(net.named_modules())
    if scripted := [n for n in names if isinstance(modules[n], torch.jit.ScriptModule)]:
        raise ValueError(f"expected modules that take hooks, got scripted {scripted}")
    for name in names:
        modules[name].register_forward_hook(partial(note, name), with_kwargs=True)
    mean = batch.mean(net)
    if often := [name for name, found in calls.items() if len(found) != 1]:
        times = [len(calls[name]) for name in often]
        raise ValueError(f"expected modules that are called once, got {often}: {times} times")
    if rows_alone.checkpoints_again(mean):
        mean.backward()  # which calls the layers inside once more
        errors = [calls[name][-1][1].grad for name in names]
    else:
        outputs = [calls[name][0][1] for name in names]
        errors = torch.autograd.grad(mean, outputs, allow_unused=True)
    return {
        name: (before, found.detach(), torch.zeros_like(found) if error is None else error)
        for name, error in zip(names, errors, strict=True)
        for before, found in calls[name][:1]
    }
