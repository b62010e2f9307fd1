"""Gradients of single examples in all parameters of any network: held, or only multiplied.

`example_gradients` holds them, n × P numbers, by `torch.func`. `example_gram` and `example_norms`
give their inner products without holding them, from each layer's inputs and the errors at its
outputs; see `gradbook.probes.matrix_layers`. What is made of them is in `gradbook.probes.spread`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from gradbook.probes.dose import Loss
from gradbook.probes.guard import untouched
from gradbook.probes.matrix_layers import (
    CHUNK,
    MATRIX_LAYERS,
    layer_errors,
    layer_inputs,
    products,
    squared_norms,
)
from gradbook.training import LOSSES


def example_gradients(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Loss = "squared",
    mode: str = "eval",
    parameters: Sequence[str] | None = None,
) -> Tensor:
    """Gradient of each row's loss, never divided by n [n, P].

    Args:
        model: Any network whose rows do not see each other; it is left as it was.
        inputs: [n, …].
        targets: [n, …].
        loss: One of `training.LOSSES`, or a function of outputs and targets that returns each
            row's loss, [n] or [n, outputs], of which the mean over outputs counts.
        mode: ``"eval"``, or ``"train"``, where dropout draws each row a mask of its own.
        parameters: Names; default all that require gradients, in the network's order. The columns
            are theirs, one parameter after another.

    Raises:
        ValueError: Batch norm uses the minibatch's statistics, under which a row has no gradient of
            its own; or a parameter or the loss is unknown.
    """
    chosen = _chosen(model, parameters)
    state = {name: value.detach() for name, value in model.named_parameters()}
    asked = {name: state.pop(name) for name in chosen}

    def loss_of(values: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        outputs = torch.func.functional_call(model, {**state, **values}, (x[None],))
        return _row_losses(loss, outputs, y[None]).sum()

    each = torch.func.vmap(
        torch.func.grad(loss_of),
        in_dims=(None, 0, 0),
        randomness="different",
        chunk_size=max(1, CHUNK // sum(value.numel() for value in asked.values())),
    )
    with untouched(model, mode):
        _refuse_batch_statistics(model)
        gradients = each(asked, inputs, targets)
    return torch.cat([gradients[name].flatten(1) for name in chosen], 1)


def example_gram(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Loss = "squared",
    mode: str = "eval",
    parameters: Sequence[str] | None = None,
) -> Tensor:
    """Inner products of the gradients of all rows' losses [n, n].

    One forward and one backward pass, which forms no gradient of a linear or convolutional layer.
    Parameters elsewhere (normalizations, embeddings, weights that two layers share) are
    materialised, which is cheap where they are few. The first dimension of what a layer reads and
    returns has to be the rows.

    Args:
        model, inputs, targets, loss, mode, parameters: As in `example_gradients`.

    Raises:
        ValueError: As there; or dropout in training mode beside parameters that are materialised,
            for which it would draw other masks.
    """
    total: Tensor | float = 0.0
    parts, others = _parts(model, inputs, targets, loss, mode, parameters)
    for activations, errors, weight, bias in parts:
        total = total + products(activations, errors, weight=weight, bias=bias)
    if others:
        held = example_gradients(model, inputs, targets, loss=loss, mode=mode, parameters=others)
        total = total + held @ held.T
    return total


def example_norms(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Loss = "squared",
    mode: str = "eval",
    parameters: Sequence[str] | None = None,
) -> Tensor:
    """Norm of the gradient of each row's loss [n]: the diagonal of `example_gram`, much cheaper."""
    total: Tensor | float = 0.0
    parts, others = _parts(model, inputs, targets, loss, mode, parameters)
    for activations, errors, weight, bias in parts:
        total = total + squared_norms(activations, errors, weight=weight, bias=bias)
    if others:
        held = example_gradients(model, inputs, targets, loss=loss, mode=mode, parameters=others)
        total = total + held.square().sum(1)
    return total.sqrt()


Part = tuple[Tensor, Tensor, bool, bool]
"""A matrix's inputs [n, T, k] and errors [n, T, out]; whether weight and bias are asked for."""


def _parts(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    loss: Loss,
    mode: str,
    parameters: Sequence[str] | None,
) -> tuple[Iterator[Part], list[str]]:
    """The matrix layers' parts of the gradients, and the names of the parameters elsewhere."""
    chosen = _chosen(model, parameters)
    asked = {id(parameter) for parameter in chosen.values()}
    owners = Counter(id(p) for module in model.modules() for p in module.parameters(recurse=False))
    uses: dict[nn.Module, list[tuple[Tensor, int]]] = {}  # inputs, and where its error will be
    edges: list[torch.autograd.graph.GradientEdge] = []

    def keep(layer: nn.Module, arguments: tuple[Tensor], output: Tensor) -> Tensor:
        uses.setdefault(layer, []).append((arguments[0].detach(), len(edges)))
        if not output.requires_grad:
            output = output.requires_grad_()
        edges.append(torch.autograd.graph.get_gradient_edge(output))
        return output.clone() if output.is_leaf else output  # a leaf refuses work in place

    hooks = [
        layer.register_forward_hook(keep)
        for layer in model.modules()
        if type(layer) in MATRIX_LAYERS
        and not asked.isdisjoint(map(id, layer.parameters()))
        and all(owners[id(parameter)] == 1 for parameter in layer.parameters())
    ]
    try:
        with untouched(model, mode), torch.enable_grad():
            _refuse_batch_statistics(model)
            total = _row_losses(loss, model(inputs), targets).sum()
            errors = torch.autograd.grad(total, edges) if edges else ()
    finally:
        for hook in hooks:
            hook.remove()
    inside = {id(parameter) for layer in uses for parameter in layer.parameters()}
    others = [name for name, parameter in chosen.items() if id(parameter) not in inside]
    if others and mode == "train" and any("Dropout" in type(m).__name__ for m in model.modules()):
        raise ValueError(
            "expected parameters in linear and convolutional layers only where dropout draws "
            f"masks, got also {others}: probe in mode 'eval'"
        )

    def parts() -> Iterator[Part]:
        for layer, found in uses.items():
            read = [layer_inputs(layer, seen) for seen, _ in found]
            sent = [layer_errors(layer, errors[place]) for _, place in found]
            read, sent = (torch.cat(u, 2) if len(u) > 1 else u[0] for u in (read, sent))
            for group in zip(read, sent, strict=True):
                yield *group, id(layer.weight) in asked, id(layer.bias) in asked

    return parts(), others


def _chosen(model: nn.Module, parameters: Sequence[str] | None) -> dict[str, nn.Parameter]:
    """Parameters by name, in the order asked for."""
    known = dict(model.named_parameters())
    if parameters is None:
        parameters = [name for name, parameter in known.items() if parameter.requires_grad]
    unknown = [name for name in parameters if name not in known]
    if unknown or not parameters:
        raise ValueError(
            f"expected parameters of {list(known)}, got {unknown or 'none that requires gradients'}"
        )
    return {name: known[name] for name in parameters}


def _row_losses(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Loss of each row [n]."""
    if callable(loss):
        losses = loss(outputs, targets)
    elif loss in LOSSES:
        losses = LOSSES[loss](outputs, targets, reduction="none")
    else:
        raise ValueError(f"expected a loss of {list(LOSSES)} or a function, got {loss!r}")
    if losses.ndim == 0 or len(losses) != len(outputs):
        raise ValueError(
            f"expected a loss for each of {len(outputs)} rows, got shape {tuple(losses.shape)}: "
            "ask the loss for reduction='none'"
        )
    return losses.flatten(1).mean(1) if losses.ndim > 1 else losses


def _refuse_batch_statistics(model: nn.Module) -> None:
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            module.training or module.running_mean is None
        ):
            raise ValueError(
                f"expected rows that do not see each other, got {name!r}: batch norm with the "
                "minibatch's statistics gives a row no gradient of its own; probe in mode 'eval', "
                "or take gradients of whole minibatches"
            )
