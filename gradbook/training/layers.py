"""The layers of an ensemble: where each weight lies, and the gradients, written out.

A layer's weights and biases are one matrix a member [inputs + 1, outputs], the biases its last row,
so that inputs with a column of ones need no bias of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

UPDATE, EPSILON = 0.1, 1e-5
"""How far batch norm's running statistics follow a batch, and what it adds to the variance."""


@dataclass(frozen=True)
class Shape:
    """Widths and norms of a fully connected ReLU net.

    Attributes:
        widths: Inputs, hidden units and outputs.
        linears, norms: Names of the modules; a norm is "" where there is none.
    """

    widths: tuple[int, ...]
    linears: tuple[str, ...]
    norms: tuple[str, ...]

    @classmethod
    def of(cls, model: nn.Module) -> Shape:
        """The shape of a net.

        Raises:
            ValueError: It is no sequence of the layers that an ensemble knows.
        """
        kinds = [type(module) for module in model] if isinstance(model, nn.Sequential) else []
        linears = [i for i, kind in enumerate(kinds) if kind is nn.Linear]
        hidden = [kinds[a + 1 : b] for a, b in pairwise(linears)]
        known = ([nn.ReLU], [nn.BatchNorm1d, nn.ReLU])
        ends = bool(linears) and linears[0] == 0 and linears[-1] == len(kinds) - 1
        if not ends or any(between not in known for between in hidden):
            raise ValueError(
                "expected an nn.Sequential of nn.Linear, each but the last followed by nn.ReLU or "
                f"by nn.BatchNorm1d and nn.ReLU, got {model}"
            )
        names = list(model._modules)
        layers = [model[i] for i in linears]
        norms = [names[i + 1] if kinds[i + 1] is nn.BatchNorm1d else "" for i in linears[:-1]]
        if any(layer.bias is None for layer in layers):
            raise ValueError(f"expected linear layers with biases, got {model}")
        for name in filter(None, norms):
            norm = model.get_submodule(name)
            if (norm.momentum, norm.eps, norm.affine) != (UPDATE, EPSILON, True):
                raise ValueError(f"expected batch norm with its default options, got {norm}")
        widths = (layers[0].in_features, *(layer.out_features for layer in layers))
        return cls(widths, tuple(names[i] for i in linears), tuple(norms))

    @property
    def widest(self) -> int:
        """Numbers that a row needs in the widest layer."""
        return max(self.widths)

    def split(self, weights: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Views of weights [members, parameters].

        Returns:
            Matrices [members, inputs + 1, outputs], biases last; and norms [members, 2, units],
            scale and shift, with no units where there is none.
        """
        matrices, norms, start = [], [], 0
        for (fan_in, fan_out), norm in zip(pairwise(self.widths), (*self.norms, ""), strict=True):
            stop = start + (fan_in + 1) * fan_out
            matrices.append(weights[:, start:stop].unflatten(1, (fan_in + 1, fan_out)))
            start, stop = stop, stop + 2 * fan_out * bool(norm)
            norms.append(weights[:, start:stop].unflatten(1, (2, -1 if norm else 0)))
            start = stop
        return matrices, norms

    def flat(self, model: nn.Sequential) -> Tensor:
        """All parameters of a net [parameters], in the order of `split`."""
        pieces = []
        for linear, norm in zip(self.linears, (*self.norms, ""), strict=True):
            names = [(linear, "weight"), (linear, "bias"), (norm, "weight"), (norm, "bias")]
            modules = [(model.get_submodule(name), kind) for name, kind in names if name]
            pieces += [
                getattr(module, kind).detach().movedim(-1, 0).flatten() for module, kind in modules
            ]
        return torch.cat(pieces)

    def named(self, weights: Tensor) -> dict[str, Tensor]:
        """Views of weights [members, parameters] under their modules' names and shapes."""
        found = {}
        for linear, norm, matrix, affine in zip(
            self.linears, (*self.norms, ""), *self.split(weights), strict=True
        ):
            found[f"{linear}.weight"], found[f"{linear}.bias"] = matrix[:, :-1].mT, matrix[:, -1]
            if norm:
                found[f"{norm}.weight"], found[f"{norm}.bias"] = affine.unbind(1)
        return found

    def statistics(self, models: Sequence[nn.Sequential]) -> dict[str, Tensor]:
        """Running mean and variance of each norm [members, 2, units] under its name."""
        found = {}
        for norm in filter(None, self.norms):
            modules = [model.get_submodule(norm) for model in models]
            pairs = [torch.stack([one.running_mean, one.running_var]) for one in modules]
            found[norm] = torch.stack(pairs)
        return found


class Block:
    """Some members of an ensemble, and the memory in which their gradients are worked out."""

    def __init__(
        self,
        shape: Shape,
        weights: Tensor,
        gradient: Tensor,
        statistics: dict[str, Tensor],
        buffers: dict[Any, Tensor],
    ) -> None:
        """Take views of weights, gradient [members, parameters] and running statistics.

        Args:
            shape: Of the nets.
            weights, gradient: What is read, and what is written.
            statistics: Per norm [members, 2, units]; `descend` updates them.
            buffers: Memory for activations that blocks share, since they take turns.
        """
        self.shape, self.statistics, self.buffers = shape, statistics, buffers
        self.matrices, self.affine = shape.split(weights)
        self.gradients, self.affine_gradients = shape.split(gradient)

    def outputs(self, inputs: Tensor) -> Tensor:
        """Map inputs with a column of ones [members, n, d + 1] to outputs in evaluation mode."""
        values = torch.bmm(inputs, self.matrices[0])
        for layer, norm in enumerate(self.shape.norms):
            if norm:
                mean, variance = self.statistics[norm][:, :, None].unbind(1)
                scale, shift = self.affine[layer][:, :, None].unbind(1)
                values = (values - mean) * (variance + EPSILON).rsqrt() * scale + shift
            matrix = self.matrices[layer + 1]
            values = torch.baddbmm(matrix[:, -1:], values.relu_(), matrix[:, :-1])
        return values

    def descend(
        self,
        inputs: Tensor,
        slope: Callable[[Tensor], Tensor],
        masks: Callable[[Tensor], None] | None = None,
    ) -> None:
        """Write the gradient of every member's loss, in training mode.

        Args:
            inputs: With a column of ones [members, n, d + 1].
            slope: Outputs [members, n, outputs] to derivatives of the losses in them.
            masks: Fills a tensor [members, n, units] with dropout's factors, if there is dropout.
        """
        hidden, heard, normal = [inputs], [], []
        for layer, norm in enumerate(self.shape.norms):
            values = self._memory("hidden", layer, hidden[0])
            self._apply(layer, hidden[-1], values)
            normal.append(self._normalize(layer, norm, values) if norm else None)
            values.relu_()
            if masks is not None:
                heard.append(self._memory("heard", layer, values))
                masks(heard[-1])
                values.mul_(heard[-1])
            hidden.append(values)
        last = len(self.matrices) - 1
        error = slope(self._apply(last, hidden[-1]))
        for layer in range(last, 0, -1):
            below, gradient = hidden[layer], self.gradients[layer]
            torch.bmm(below.mT, error, out=gradient[:, :-1])
            torch.sum(error, 1, keepdim=True, out=gradient[:, -1:])
            passes = below.gt_(0)  # through the ReLU, and with its factor through dropout
            if heard:
                passes.mul_(heard[layer - 1])
            weights = self.matrices[layer][:, :-1].mT
            if layer == 1 and len(error[0, 0]) == 1 and normal[0] is None:
                torch.bmm((inputs * error).mT, passes, out=self.gradients[0])  # no error a unit
                self.gradients[0].mul_(weights)
                return
            error = torch.bmm(error, weights, out=self._memory("error", layer - 1, inputs))
            error.mul_(passes)
            if normal[layer - 1] is not None:
                self._normalized(layer - 1, normal[layer - 1], error)
        torch.bmm(inputs.mT, error, out=self.gradients[0])

    def _apply(self, layer: int, values: Tensor, out: Tensor | None = None) -> Tensor:
        matrix = self.matrices[layer]
        if layer == 0:
            return torch.bmm(values, matrix, out=out)
        return torch.baddbmm(matrix[:, -1:], values, matrix[:, :-1], out=out)

    def _normalize(self, layer: int, norm: str, values: Tensor) -> tuple[Tensor, Tensor]:
        variance, mean = torch.var_mean(values, 1, correction=0, keepdim=True)
        root = (variance + EPSILON).rsqrt()
        normal = torch.mul(values.sub_(mean), root, out=self._memory("normal", layer, values))
        scale, shift = self.affine[layer][:, :, None].unbind(1)
        torch.addcmul(shift, normal, scale, out=values)
        rows = values.shape[1]
        found = torch.cat([mean, variance * (rows / (rows - 1))], 1)
        self.statistics[norm].lerp_(found, UPDATE)
        return normal, root

    def _normalized(self, layer: int, normal: tuple[Tensor, Tensor], error: Tensor) -> None:
        values, root = normal
        shift = error.sum(1, keepdim=True)
        scale = (error * values).sum(1, keepdim=True)
        torch.cat([scale, shift], 1, out=self.affine_gradients[layer])
        rows = error.shape[1]
        error.sub_(shift / rows).addcmul_(values, scale / -rows)
        error.mul_(self.affine[layer][:, :1] * root)

    def _memory(self, use: str, layer: int, like: Tensor) -> Tensor:
        key = use, layer, like.shape[:2]
        if key not in self.buffers:
            self.buffers[key] = like.new_empty(*like.shape[:2], self.shape.widths[layer + 1])
        return self.buffers[key]


def dropout(rates: Sequence[float], generators: Sequence[np.random.Generator]) -> Any:
    """Dropout's factors, 0 or 1/(1 − rate), from each member's own stream; for `Block.descend`.

    A rate is met to 1/65,536: a mask costs as much as the rest of the step even so.
    """
    silent = [round(rate * 2**16) for rate in rates]

    def masks(out: Tensor) -> None:
        for member, (least, generator) in enumerate(zip(silent, generators, strict=True)):
            factors = out[member].numpy()
            drawn = generator.bit_generator.random_raw(-(-factors.size // 4)).view(np.uint16)
            kept = drawn[: factors.size].reshape(factors.shape) >= least
            np.multiply(kept, 2**16 / (2**16 - least), out=factors, casting="same_kind")

    return masks
