"""One reading of what the probes are given: rows, targets, losses and parameters' names.

What does not fit is refused here, in words, before a probe computes anything with it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.probes.guard import stand_in, works_in_place
from gradbook.probes.losses import ELEMENTWISE, LOSSES, Each, by_function, lost, named

Inputs = Tensor | Sequence[Tensor] | Mapping[str, Tensor]
"""Rows [n, …]: the network's argument, a tuple of its arguments, or its arguments by name."""

Loss = str | Callable[[Any, Tensor], Tensor]
"""A name of `LOSSES`, or a function of outputs and targets that returns each row's loss."""

Output = Callable[[Any], Tensor]
"""What makes a tensor of what the network returns, such as ``lambda found: found.logits``."""


@dataclass(frozen=True, eq=False)
class Rows:
    """n rows and the loss that each is judged by.

    Attributes:
        inputs: The network's arguments: in order, or by name.
        targets: [n, …].
        loss: See `Loss`.
        output: See `Output`; None takes what the network returns.
    """

    inputs: tuple[Tensor, ...] | dict[str, Tensor]
    targets: Tensor
    loss: Loss
    output: Output | None = None

    @classmethod
    def read(
        cls, inputs: Inputs, targets: Tensor, loss: Loss, output: Output | None = None
    ) -> Rows:
        """Check and take over what a probe was given.

        Raises:
            TypeError: Something is of the wrong type.
            ValueError: There are no rows, or inputs and targets differ in their number; or the loss
                is unknown.
        """
        arguments = _arguments(inputs)
        tensors = cls.of_inputs(inputs)
        if not isinstance(targets, Tensor):
            raise TypeError(f"expected targets as a tensor [n, …], got {type(targets).__name__}")
        if targets.ndim == 0 or not len(targets):
            raise ValueError(f"expected targets of at least one row, got {tuple(targets.shape)}")
        if any(len(tensor) != len(targets) for tensor in tensors):
            raise ValueError(
                f"expected as many inputs as targets, got inputs {_shapes(tensors)} and targets "
                f"{tuple(targets.shape)}: rows come first in all of them"
            )
        if not callable(loss) and (not isinstance(loss, str) or loss not in LOSSES):
            raise ValueError(f"expected a loss of {list(LOSSES)} or a function, got {loss!r}")
        if output is not None and not callable(output):
            raise TypeError(
                "expected output as a function of what the network returns, got "
                f"{type(output).__name__}"
            )
        return cls(arguments, targets, loss, output)

    @staticmethod
    def of_inputs(inputs: Inputs) -> list[Tensor]:
        """All tensors of the inputs; checked as `read` does."""
        arguments = _arguments(inputs)
        tensors = list(arguments.values() if isinstance(arguments, dict) else arguments)
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(f"expected inputs as tensors [n, …], got {type(tensor).__name__}")
        if not tensors or any(tensor.ndim == 0 or not len(tensor) for tensor in tensors):
            raise ValueError(f"expected inputs of at least one row, got {_shapes(tensors) or None}")
        return tensors

    def __len__(self) -> int:
        return len(self.targets)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Rows:
        """The rows with all their tensors changed."""
        if isinstance(self.inputs, dict):
            inputs: Any = {name: change(tensor) for name, tensor in self.inputs.items()}
        else:
            inputs = tuple(map(change, self.inputs))
        return Rows(inputs, change(self.targets), self.loss, self.output)

    def take(self, index: Any) -> Rows:
        """Some of the rows."""
        return self.mapped(lambda tensor: tensor[index])

    def to(self, dtype: torch.dtype) -> Rows:
        """The rows in another precision."""
        return self.mapped(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def tensors(self) -> list[Tensor]:
        """All inputs."""
        return list(self.inputs.values() if isinstance(self.inputs, dict) else self.inputs)

    def outputs(self, run: Callable[..., Any], *, copied: bool | None = None) -> Tensor:
        """What a network makes of the rows [n, …]; rows that it may work on in place are copies.

        Raises:
            ValueError: The network does not take the inputs.
            TypeError: It returns no tensor.
        """
        if copied is None:
            copied = not isinstance(run, nn.Module) or works_in_place(run)
        rows = self.mapped(Tensor.clone) if copied else self
        try:
            named = isinstance(rows.inputs, dict)
            found = run(**rows.inputs) if named else run(*rows.inputs)
            found = self.output(found) if self.output is not None else found
        except Exception as error:
            raise ValueError(
                f"expected inputs that the network takes, got {_shapes(self.tensors())}: it "
                f"raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, Tensor):
            hint = "lambda found: found.logits" if hasattr(found, "logits") else "lambda o: o[0]"
            raise TypeError(
                f"expected a network that returns a tensor, got {type(found).__name__}: say which "
                f"is meant, output={hint}"
            )
        if not found.is_floating_point():
            raise TypeError(f"expected outputs that are floats, got {found.dtype}")
        return found

    def losses(self, run: Callable[..., Any], *, copied: bool | None = None) -> Tensor:
        """Each row's loss [n]; where a row has several, their mean."""
        return self.of(self.outputs(run, copied=copied))

    def of(self, outputs: Tensor) -> Tensor:
        """Each row's loss [n] from the outputs; see `each`."""
        found = self.each(outputs)
        return found.flatten(1).mean(1) if found.ndim > 1 else found

    def mean(self, run: Callable[..., Any]) -> Tensor:
        """The mean of all losses."""
        return self.each(self.outputs(run)).mean()

    def mean_of_numbers(self, run: Callable[..., Any]) -> Tensor:
        """The mean of all losses, each of which has to be a number.

        Raises:
            ValueError: One is none; names its row.
        """
        found = self.each(self.outputs(run))
        if not (total := found.mean()).isfinite():
            raise ValueError(f"expected losses that are numbers, got {total.item()}: {lost(found)}")
        return total

    def each(self, outputs: Tensor) -> Tensor:
        """Losses of the rows' outputs, or of the rows.

        Raises:
            ValueError: The targets' shape does not fit the outputs', or the loss reduces.
        """
        n = len(self)
        if outputs.ndim == 0 or len(outputs) != n:
            raise ValueError(
                f"expected an output for each of {n} rows, got shape {tuple(outputs.shape)}"
            )
        if isinstance(self.loss, str):
            return named(self.loss, outputs, self.targets)
        return by_function(self.loss, outputs, self.targets)


def fits(model: nn.Module, rows: Rows) -> None:
    """Try a network on two rows in evaluation mode.

    Raises:
        TypeError, ValueError: It does not take the inputs, or the targets do not fit.
    """
    with torch.no_grad():
        rows.take(slice(0, 2)).losses(stand_in(model).eval())


def refuse_lost(model: nn.Module, rows: Rows, indices: Tensor) -> None:
    """Refuse rows of minibatches whose own loss is no number, which gradients need not show.

    Args:
        model: A stand-in.
        rows: All rows.
        indices: Which of them the minibatches took [M, B].

    Raises:
        ValueError: There are such rows; names them.
    """
    used = indices.unique()
    with torch.no_grad():
        losses = rows.take(used).losses(stand_in(model).eval())
    if where := lost(losses, used):
        raise ValueError(f"expected losses that are numbers, got others: {where}")


def watched(model: nn.Module, rows: Rows, indices: Tensor) -> Each:
    """The loss of single outputs, which calls `refuse_lost` once where it makes no numbers.

    So a probe that sees its rows' losses anyway needs no pass of its own to refuse them.

    Args:
        model, rows, indices: As in `refuse_lost`; the rows' loss is one of `losses.ELEMENTWISE`.
    """
    each = ELEMENTWISE[rows.loss]
    refuse = functools.cache(functools.partial(refuse_lost, model, rows, indices))

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        found = each(outputs, targets)
        if not found.detach().sum().isfinite():
            refuse()
        return found

    return loss


def learning(model: nn.Module, parameters: Sequence[str] | None) -> list[str]:
    """Names of the parameters asked for; None is all that learn.

    A frozen parameter does not learn and has no gradient: it is left out, and refused by name.

    Raises:
        TypeError: Not a list of names.
        ValueError: A name is unknown, twice there or frozen, or nothing learns.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected a network (nn.Module), got {type(model).__name__}")
    known = dict(model.named_parameters())
    if parameters is None:
        names = [name for name, parameter in known.items() if parameter.requires_grad]
        if not names:
            raise ValueError(f"expected parameters of {list(known)}, got none that learns")
        return names
    if isinstance(parameters, str) or not isinstance(parameters, Sequence):
        raise TypeError(f"expected a list of parameters' names, got {parameters!r}")
    names = list(parameters)
    unknown = [name for name in names if not isinstance(name, str) or name not in known]
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(f"expected different parameters of {list(known)}, got {unknown or names}")
    if frozen := [name for name in names if not known[name].requires_grad]:
        raise ValueError(f"expected parameters that learn, got frozen {frozen}")
    return names


def _arguments(inputs: Any) -> tuple[Tensor, ...] | dict[str, Tensor]:
    if isinstance(inputs, Tensor):
        return (inputs,)
    if isinstance(inputs, Mapping):
        if not all(isinstance(name, str) for name in inputs):
            raise TypeError(f"expected inputs by their arguments' names, got {list(inputs)}")
        return dict(inputs)
    if isinstance(inputs, tuple | list):
        return tuple(inputs)
    raise TypeError(
        "expected inputs as a tensor [n, …], or a tuple or dict of such, got "
        f"{type(inputs).__name__}"
    )


def _shapes(tensors: Sequence[Any]) -> str:
    return ", ".join(str(tuple(t.shape)) if isinstance(t, Tensor) else repr(t) for t in tensors)
