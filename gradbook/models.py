"""Plain `nn.Sequential` networks with a regularizer chosen by name, and a transformer's block."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

REGULARIZERS = ("none", "dropout", "batch norm", "batch norm after ReLU")

FULL_WIDTHS = (2000, 1000, 200)
"""Three hidden layers; with 660 inputs and one output, 3,523,401 parameters."""

SMALL_WIDTHS = (128, 64, 32)
"""The same shape at a size that trains within seconds in a live cell."""


class OneHotLinear(nn.Module):
    """A linear layer for one-hot rows given by the positions of their ones.

    With one-hot x, W x + b is the sum of the columns of W where x is one, plus b. Summing them
    costs a fraction of the matrix product.

    Attributes:
        weight: W transposed [in_features, out_features].
        bias: b [out_features].
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        linear = nn.Linear(in_features, out_features)
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(linear.weight.detach().T.contiguous())
        self.bias = nn.Parameter(linear.bias.detach())

    def forward(self, positions: Tensor) -> Tensor:
        """Map int64 positions [n, ones] to pre-activations [n, out_features]."""
        return self.summed(positions) + self.bias

    def summed(self, positions: Tensor) -> Tensor:
        """W x alone, in a tensor of its own."""
        return functional.embedding_bag(positions, self.weight, mode="sum")

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}"


class AttentionBlock(nn.Module):
    """Attention with one head and a hidden ReLU layer, each behind a LayerNorm, beside a skip."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.up, self.act, self.down = nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)

    def forward(self, x: Tensor, mask: Tensor | float = 0.0) -> Tensor:
        """Rows [n, places, width] to rows of the same shape.

        Args:
            x: What stands in each place.
            mask: Added to the scores before the softmax [places, places]; −∞ where a place must
                not look at another.
        """
        x = self.attend(x, mask)
        return x + self.down(self.act(self.up(self.norm2(x))))

    def attend(self, x: Tensor, mask: Tensor | float = 0.0) -> Tensor:
        """The first half: what comes before the hidden layer."""
        y = self.norm1(x)
        scores = self.query(y) @ self.key(y).mT / y.shape[-1] ** 0.5 + mask
        return x + self.out(scores.softmax(-1) @ self.value(y))


def mlp(
    inputs: int,
    widths: tuple[int, ...] = FULL_WIDTHS,
    *,
    regularizer: str = "none",
    dropout_rate: float = 0.3,
    outputs: int = 1,
    one_hot: bool = True,
    seed: int = 0,
) -> nn.Sequential:
    """A fully connected ReLU network.

    Its modules are named ``linear1, norm1, relu1, dropout1, linear2, …, output``, of which
    norm and dropout are there only where the regularizer asks for them. ``"batch norm"`` stands
    between the linear layer and the ReLU (Ioffe & Szegedy 2015), ``"batch norm after ReLU"``
    behind it.

    Args:
        inputs: Number of input features.
        widths: Units per hidden layer.
        regularizer: One of `REGULARIZERS`.
        dropout_rate: Probability with which dropout sets a unit to zero.
        outputs: Number of outputs.
        one_hot: Whether rows come as positions of ones (`OneHotLinear`) or as float features.
        seed: Seed of the initial weights (PyTorch's default initialization). The weights of a
            layer are the same under every regularizer.

    Raises:
        ValueError: Unknown regularizer.
    """
    if regularizer not in REGULARIZERS:
        raise ValueError(f"expected a regularizer of {list(REGULARIZERS)}, got {regularizer!r}")
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number, (fan_in, width) in enumerate(
            zip((inputs, *widths), widths, strict=False), start=1
        ):
            layer = OneHotLinear if one_hot and number == 1 else nn.Linear
            modules[f"linear{number}"] = layer(fan_in, width)
            if regularizer == "batch norm":
                modules[f"norm{number}"] = nn.BatchNorm1d(width)
            modules[f"relu{number}"] = nn.ReLU()
            if regularizer == "batch norm after ReLU":
                modules[f"norm{number}"] = nn.BatchNorm1d(width)
            if regularizer == "dropout":
                modules[f"dropout{number}"] = nn.Dropout(dropout_rate)
        modules["output"] = nn.Linear(widths[-1] if widths else inputs, outputs)
    return nn.Sequential(modules)
