"""What rows left at the layers of a network, and what their gradients are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gradbook.probes.matrix_layers import Part


@dataclass
class Recording:
    """What the rows left.

    Attributes:
        sizes: Numbers in each parameter asked for, by name.
        like: Zeros [n] of a dtype that holds those of all parameters asked for.
        parts: What each matrix layer's gradients are made of.
        others: Names of the parameters elsewhere.
        held: Gradients in these [n, P].
    """

    sizes: dict[str, int]
    like: Tensor
    parts: list[Part]
    others: list[str]
    held: Tensor | None

    def gradients(self) -> Tensor:
        """All gradients [n, P], a column a number, the parameters in the order asked for."""
        if self.others == list(self.sizes):
            return self.held
        found = self.like.new_empty(len(self.like), sum(self.sizes.values()))
        columns = dict(zip(self.sizes, found.split(list(self.sizes.values()), 1), strict=True))
        written = set(self.others)
        if self.others:
            held = self.held.split([self.sizes[name] for name in self.others], 1)
            for name, values in zip(self.others, held, strict=True):
                columns[name].copy_(values)
        for part in self.parts:
            part.write(columns)
            written |= {part.weight, part.bias}
        for name in self.sizes.keys() - written:
            columns[name].zero_()
        return found

    def products(self) -> Tensor:
        """Inner products of the gradients [n, n]."""
        total = sum(part.products() for part in self.parts)
        if self.held is not None:
            total = total + self.held @ self.held.T
        return total if isinstance(total, Tensor) else self.like.new_zeros(2 * [len(self.like)])

    def squared_norms(self) -> Tensor:
        """The gradients' squared norms [n]."""
        total = sum(part.squared_norms() for part in self.parts)
        if self.held is not None:
            total = total + self.held.square().sum(1)
        return total if isinstance(total, Tensor) else self.like

    def to(self, dtype: torch.dtype) -> Recording:
        """The same in another precision."""
        held = None if self.held is None else self.held.to(dtype)
        parts = [part.to(dtype) for part in self.parts]
        return Recording(self.sizes, self.like.to(dtype), parts, self.others, held)

    def wide(self) -> Recording:
        """In one precision, float32 at least: squares in half precision over- and underflow."""
        return self.to(torch.promote_types(self.like.dtype, torch.float32))

    def unfit(self, squares: Tensor, margin: float = 1.0) -> Tensor:
        """Which squared norms [n] over- or underflowed [n]; that of no gradient is zero."""
        unfit = (squares < torch.finfo(squares.dtype).tiny * margin) | squares.isinf()
        if not unfit.any():
            return unfit
        there = torch.zeros_like(unfit)
        for values in (*(part.errors.transpose(0, 1) for part in self.parts), self.held):
            if values is not None:
                there |= (values != 0).flatten(1).any(1)
        return unfit & there


def joined(recordings: Sequence[Recording]) -> Recording:
    """Recordings of several batches as one.

    Raises:
        ValueError: A layer was taken apart in one batch and not in another.
    """
    first = recordings[0]
    if len(recordings) == 1:
        return first
    layers = [[(part.weight, part.bias) for part in each.parts] for each in recordings]
    if any(names != layers[0] for names in layers[1:]):
        raise ValueError(
            "expected batches that pass through the same layers with rows first, got others: pass "
            "all rows at once"
        )
    parts = [
        Part(
            one.layer,
            torch.cat([each.parts[place].inputs for each in recordings], 1),
            torch.cat([each.parts[place].errors for each in recordings], 1),
            one.weight,
            one.bias,
        )
        for place, one in enumerate(first.parts)
    ]
    held = None if first.held is None else torch.cat([each.held for each in recordings])
    like = torch.cat([each.like for each in recordings])
    return Recording(first.sizes, like, parts, first.others, held)
