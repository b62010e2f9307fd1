"""Gradients of single examples in all parameters of any network: held, or only multiplied.

`example_gradients` holds them, n × P numbers. `example_gram` and `example_norms` give their inner
products and hold gradients in Q of the P parameters alone, those outside linear and convolutional
layers. All three pass all rows through the network together and take a layer's gradients from its
inputs and the errors at its outputs where that is proved (`gradbook.probes.recording`), and hold
the gradients of the rest (`gradbook.probes.rows_alone`). What is made of them is in
`gradbook.probes.spread`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes.batches import batches
from gradbook.probes.guard import untouched
from gradbook.probes.proofs import proof_of
from gradbook.probes.reading import Inputs, Loss, Output, learning
from gradbook.probes.recorded import Recording, joined
from gradbook.probes.recording import record

T = TypeVar("T")


def example_gradients(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    *,
    loss: Loss = "squared",
    mode: str = "eval",
    parameters: Sequence[str] | None = None,
    output: Output | None = None,
    check: bool = False,
) -> Tensor:
    """Gradient of each row's loss, never divided by n [n, P].

    Args:
        model: Any network whose rows do not see each other; it is left as it was.
        inputs: Rows [n, …]: a tensor, a tuple of the network's arguments, or a dict of them by
            name. Or a `DataLoader` of (inputs, targets), whose batches follow one another.
        targets: [n, …]; None with a `DataLoader`.
        loss: Default ``"squared"``. A name of `gradbook.probes.losses`, or a function of outputs
            and targets that returns each row's loss, [n] or [n, …], of which a row's mean counts.
        mode: ``"eval"``, or ``"train"``, where dropout draws each row a mask of its own, those that
            the network would draw for all rows together.
        parameters: Names; default all that learn, in the network's order. The columns are theirs,
            one parameter after another. A frozen parameter has no gradient.
        output: What makes a tensor of what the network returns.
        check: Whether to prove at this call what else is proved at the network's first probe in a
            mode with inputs of a shape; see `gradbook.probes.recording`. One row is compared with
            the gradient that it has alone: a check of the others, and no proof.

    Raises:
        ValueError: Batch norm uses the minibatch's statistics, under which a row has no gradient of
            its own; or an argument is not as described.
        TypeError: An argument is of the wrong type.

    Cost: one forward and one backward pass; n · P numbers are held. Parameters of other than the
    layers that `gradbook.probes.recording` lists take one more of each, or one a row.

    Source: Goodfellow 2015.
    """
    asked = (model, inputs, targets, loss, mode, parameters, output, check)
    found = _each(Recording.gradients, *asked)
    return found[0] if len(found) == 1 else torch.cat(found)


def example_gram(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    *,
    loss: Loss = "squared",
    mode: str = "eval",
    parameters: Sequence[str] | None = None,
    output: Output | None = None,
    check: bool = False,
) -> Tensor:
    """Inner products of the gradients of all rows' losses [n, n].

    Of a linear layer on plain rows no gradient is formed. Where a layer is applied at T > 1 places
    (a convolution, a sequence), with k inputs and m outputs at each, the products are those of all
    pairs of places if n T² (k + m) < k m (n + T). Else its gradients are formed, some outputs at a
    time, and let go. Gradients in the Q parameters elsewhere are held: of normalizations,
    embeddings, recurrent layers, `nn.MultiheadAttention`, weights that two layers share, and what
    else `gradbook.probes.recording` does not take apart. Half precision is multiplied in float32.

    Args:
        model, inputs, targets, loss, mode, parameters, output, check: As in `example_gradients`.

    Raises:
        ValueError, TypeError: As there.

    Cost: one forward and one backward pass, and one more of each, or one a row, for parameters of
    other than the layers that `gradbook.probes.recording` lists. n² + n · Q numbers are held, up to
    three times n · Q for a moment, and every layer's inputs (a convolution's patches) and errors:
    in a network that is all recurrent, no less than by `example_gradients`. Where layers see many
    places and rows are many, the products can take longer than the gradients themselves.

    Source: Goodfellow 2015, for linear layers; Rochette et al. 2019, for convolutions.
    """
    asked = (model, inputs, targets, loss, mode, parameters, output, check)
    recording = joined(_each(Recording.wide, *asked))
    total = recording.products()
    unfit = recording.unfit(total.diagonal(), 2.0**23)
    if not unfit.any():
        return total
    exact = recording.to(torch.float64).products().to(total.dtype)
    lost = recording.unfit(exact.diagonal())
    if lost.all() or exact.isinf().any():
        warnings.warn(
            f"products of gradients of rows {lost.nonzero().flatten().tolist()} over- or "
            f"underflow in {total.dtype}: probe the network in float64",
            stacklevel=2,
        )
    return exact.where(unfit[:, None] | unfit, total)


def example_norms(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    *,
    loss: Loss = "squared",
    mode: str = "eval",
    parameters: Sequence[str] | None = None,
    output: Output | None = None,
    check: bool = False,
) -> Tensor:
    """Norm of the gradient of each row's loss [n]: the root of the diagonal of `example_gram`.

    Arguments are those of `example_gradients`, the default loss ``"squared"`` too.

    Raises:
        ValueError, TypeError: As there.

    Cost: the passes of `example_gram`, without the products of two rows: n + n · Q numbers are
    held, and layers' inputs and errors. Where the passes take most of the time it saves little.
    """
    asked = (model, inputs, targets, loss, mode, parameters, output, check)
    norms = _each(_norms, *asked)
    return norms[0] if len(norms) == 1 else torch.cat(norms)


def _norms(recording: Recording) -> Tensor:
    wide = recording.wide()
    squares = wide.squared_norms()
    unfit = wide.unfit(squares, 2.0**23)
    if not unfit.any():
        return squares.sqrt()
    exact = wide.to(torch.float64).squared_norms().sqrt()
    return exact.to(squares.dtype).where(unfit, squares.sqrt())


def _each(
    make: Callable[[Recording], T],
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None,
    loss: Loss,
    mode: str,
    parameters: Sequence[str] | None,
    output: Output | None,
    check: bool,
) -> list[T]:
    """What is made of what the rows leave, batch by batch."""
    names = learning(model, parameters)
    found = []
    with untouched(model, mode) as net:
        for rows in batches(inputs, targets, loss, output):
            proof = proof_of(model, mode, rows, names)
            found.append(make(record(net, rows, names, proof, check=check)))
    return found
