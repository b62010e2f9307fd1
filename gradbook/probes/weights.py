"""The gradient landscape in two weights that lead from one unit to two others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes import functional, sequential
from gradbook.probes.batches import minibatches_of
from gradbook.probes.checks import grid, two_units, whole
from gradbook.probes.guard import untouched
from gradbook.probes.proofs import ready
from gradbook.probes.reading import Inputs, Loss, Output, Rows, learning, refuse_lost, watched


@torch.no_grad()
def weight_landscape(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    rows: Tensor | None = None,
    layer: str = "",
    *,
    units: tuple[int, int],
    source: int | None,
    offsets: Tensor | Sequence[float],
    mode: str = "eval",
    loss: Loss = "l1",
    seed: int = 0,
    output: Output | None = None,
) -> Tensor:
    """Gradient of each minibatch in two weights, over a grid of their values [M, G, G, 2].

    The weights lead from one unit below, the source, to two units of the layer. A weight that moves
    by e moves its unit's output by e times what the source sends. Dropout keeps its masks. Every
    grid point is passed through the rest of the network and back, round-off included: through what
    follows in an `nn.Sequential` of known modules on plain rows, else through the whole network.

    Args:
        model: Any network; it is left exactly as it was.
        inputs: All rows' inputs [n, …]; a tuple or dict of tensors for several arguments. Or a
            `DataLoader` of (inputs, targets), each batch of which is a minibatch.
        targets: All rows' targets [n, …]; None with a `DataLoader`.
        rows: Row indices of the minibatches [M, B]; None with a `DataLoader`.
        layer: A linear layer.
        units: The two units of the layer.
        source: The unit below; None for the units' biases, whose source always sends 1.
        offsets: Values added to the two weights, the same in both directions [G].
        mode: ``"eval"`` or ``"train"``.
        loss: Default ``"l1"``; see `gradbook.probes.losses`.
        seed: Seed of dropout's masks.
        output: What makes a tensor of what the network returns.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: There is no such linear layer, unit or source, or an argument does not fit.

    Cost: G² passes forward and back of M · B rows, in a plain network behind the layer alone; else
    of all layers, one forward pass more of the rows in them, and three passes of one minibatch.
    """
    whole(seed, "seed", 0)
    found = []
    with untouched(model, mode) as net:
        linear = {name: part for name, part in net.named_modules() if type(part) is nn.Linear}
        if not isinstance(layer, str) or layer not in linear:
            raise ValueError(f"expected a linear layer of {list(linear)}, got {layer!r}")
        entries = _entries(net, layer, linear[layer], units, source)
        offsets = grid(offsets, linear[layer].weight)
        own = entries[0][0] in _own(net)
        for number, (data, indices) in enumerate(
            minibatches_of(inputs, targets, rows, loss, output)
        ):
            ready(model, net, mode, data, [entries[0][0]])
            modules = sequential.taken_apart(net, data)
            once = [name for name, part in modules if part is linear[layer]] == [layer]
            drawn = seed + number
            if once and own:
                each = _moved(net, modules, data, indices, layer, units, source, offsets, drawn)
            else:
                refuse_lost(net, data, indices)
                each = functional.landscape(net, data, indices, entries, offsets, "common", drawn)
            found.append(each)
    return torch.cat(found)


def _moved(
    net: nn.Module,
    modules: sequential.Modules,
    data: Rows,
    rows: Tensor,
    layer: str,
    units: tuple[int, int],
    source: int | None,
    offsets: Tensor,
    seed: int,
) -> Tensor:
    """All minibatches at every grid point, through what follows the layer in a Sequential."""
    (x,), y = data.inputs, data.targets[rows]
    cut = [name for name, _ in modules].index(layer)
    masks = sequential.Masks(modules, rows.shape, x.shape[-1], like=y).draw(seed)
    h = sequential.run(modules[:cut], x[rows], masks)
    z = sequential.run(modules[cut : cut + 1], h, masks)
    sent = torch.ones_like(z[..., 0]) if source is None else h[..., source]
    loss, points = watched(net, data, rows), []
    for e in torch.cartesian_prod(offsets, offsets).view(-1, 2):
        moved = z.clone()
        moved[..., list(units)] += sent.unsqueeze(-1) * e
        tail = modules[cut + 1 :]
        delta = sequential.errors(tail, moved, y, masks, loss, y[0].numel())
        points.append((delta[..., list(units)] * sent.unsqueeze(-1)).sum(1))
    return torch.stack(points, 1).unflatten(1, (len(offsets), len(offsets)))


def _entries(
    net: nn.Module, layer: str, linear: nn.Linear, units: tuple[int, int], source: int | None
) -> list[functional.Entry]:
    """The two numbers that move, by parameter and index; checks units and source."""
    first, second = two_units(units, linear.out_features, layer)
    if source is None:
        learning(net, [f"{layer}.bias"])
        return [(f"{layer}.bias", first), (f"{layer}.bias", second)]
    if not 0 <= whole(source, "source") < linear.in_features:
        raise ValueError(f"expected a source below {linear.in_features}, got {source}")
    learning(net, [f"{layer}.weight"])
    return [(f"{layer}.weight", (first, source)), (f"{layer}.weight", (second, source))]


def _own(net: nn.Module) -> set[str]:
    """Names of the parameters that one module alone owns."""
    owners = Counter(id(p) for m in net.modules() for p in m.parameters(recurse=False))
    return {name for name, value in net.named_parameters() if owners[id(value)] == 1}
