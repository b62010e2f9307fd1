"""Every layer of torch with parameters; losses, inputs and outputs of other forms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gradbook.models import OneHotLinear
from zoo.case import (
    CLASSES,
    PICTURES,
    PLAIN,
    STEPS,
    TOKENS,
    VOLUMES,
    By,
    Case,
    First,
    N,
    T,
    headed,
    seq,
)


class Weights(nn.Module):
    """Parameters of its own, in a list and in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.list = nn.ParameterList([torch.randn(6, 5), torch.randn(5)])
        self.dict = nn.ParameterDict({"out": torch.randn(5, 2)})

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.list[0] + self.list[1]).tanh() @ self.dict["out"]


def chosen_class(found: Any) -> Tensor:
    return -found.output


LAYERS = {
    "Linear": Case(lambda: seq(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), PLAIN),
    "Linear, no bias": Case(lambda: seq(nn.Linear(6, 5, False), nn.ELU(), nn.Linear(5, 2)), PLAIN),
    "Linear alone": Case(lambda: nn.Linear(6, 2), PLAIN),
    "Linear on tokens": Case(lambda: headed(nn.Linear(6, 5), 20), STEPS),
    "OneHotLinear": Case(lambda: headed(OneHotLinear(9, 5), 5), ("ints", 9, N, 3)),
    "Bilinear": Case(
        lambda: By(lambda m, a, b: m.b(a, b), b=nn.Bilinear(6, 4, 2)), [PLAIN, (N, 4)]
    ),
    "Conv1d": Case(lambda: headed(nn.Conv1d(6, 4, 3, dilation=1, padding=1), 16), (N, 6, T)),
    "Conv2d": Case(lambda: headed(nn.Conv2d(3, 4, (3, 2), 2, (2, 1)), 4 * 4 * 4), PICTURES),
    "Conv2d, groups": Case(lambda: headed(nn.Conv2d(4, 6, 2, groups=2), 150), (N, 4, 6, 6)),
    "Conv2d, depthwise": Case(lambda: headed(nn.Conv2d(3, 6, 3, groups=3), 96), PICTURES),
    "Conv2d, same, reflect": Case(
        lambda: headed(nn.Conv2d(3, 2, 2, padding="same", padding_mode="reflect"), 72), PICTURES
    ),
    "Conv2d, circular": Case(
        lambda: headed(nn.Conv2d(3, 2, 3, padding=1, padding_mode="circular"), 72), PICTURES
    ),
    "Conv3d": Case(lambda: headed(nn.Conv3d(2, 3, 2), 81), VOLUMES),
    "ConvTranspose1d": Case(lambda: headed(nn.ConvTranspose1d(6, 3, 2), 15), (N, 6, T)),
    "ConvTranspose2d": Case(lambda: headed(nn.ConvTranspose2d(3, 2, 3, 2), 338), PICTURES),
    "ConvTranspose3d": Case(lambda: headed(nn.ConvTranspose3d(2, 2, 2), 250), VOLUMES),
    "Embedding": Case(lambda: headed(nn.Embedding(7, 5), 20), TOKENS),
    "Embedding, padding": Case(lambda: headed(nn.Embedding(7, 5, padding_idx=0), 20), TOKENS),
    "Embedding, max_norm": Case(lambda: headed(nn.Embedding(7, 5, max_norm=0.5), 20), TOKENS),
    "Embedding, sparse": Case(lambda: headed(nn.Embedding(7, 5, sparse=True), 20), TOKENS),
    "EmbeddingBag": Case(lambda: headed(nn.EmbeddingBag(7, 5), 5), TOKENS),
    "LayerNorm": Case(lambda: seq(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 2)), PLAIN),
    "RMSNorm": Case(lambda: seq(nn.Linear(6, 5), nn.RMSNorm(5), nn.Linear(5, 2)), PLAIN),
    "GroupNorm": Case(lambda: headed(seq(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4)), 64), PICTURES),
    "InstanceNorm1d": Case(lambda: headed(nn.InstanceNorm1d(6, affine=True), 24), (N, 6, T)),
    "InstanceNorm2d": Case(lambda: headed(nn.InstanceNorm2d(3, affine=True), 108), PICTURES),
    "InstanceNorm3d": Case(lambda: headed(nn.InstanceNorm3d(2, affine=True), 128), VOLUMES),
    "BatchNorm1d": Case(lambda: seq(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)), PLAIN),
    "SyncBatchNorm": Case(
        lambda: seq(nn.Linear(6, 5), nn.SyncBatchNorm(5), nn.Linear(5, 2)), PLAIN
    ),
    "BatchNorm2d": Case(lambda: headed(nn.BatchNorm2d(3), 108), PICTURES),
    "BatchNorm3d": Case(lambda: headed(nn.BatchNorm3d(2), 128), VOLUMES),
    "PReLU": Case(lambda: seq(nn.Linear(6, 5), nn.PReLU(5), nn.Linear(5, 2)), PLAIN),
    "RNN": Case(lambda: headed(First(nn.RNN(6, 5, 2, batch_first=True)), 20), STEPS),
    "LSTM": Case(lambda: headed(First(nn.LSTM(6, 3, batch_first=True)), 12), STEPS),
    "LSTM, both ways": Case(
        lambda: headed(First(nn.LSTM(6, 3, batch_first=True, bidirectional=True)), 24), STEPS
    ),
    "GRU": Case(lambda: headed(First(nn.GRU(6, 3, batch_first=True)), 12), STEPS),
    "RNNCell": Case(lambda: headed(nn.RNNCell(6, 5), 5), PLAIN),
    "LSTMCell": Case(lambda: headed(First(nn.LSTMCell(6, 5)), 5), PLAIN),
    "GRUCell": Case(lambda: headed(nn.GRUCell(6, 5), 5), PLAIN),
    "MultiheadAttention": Case(
        lambda: By(
            lambda m, x: m.o(m.a(x, x, x, need_weights=False)[0]).mean(1),
            a=nn.MultiheadAttention(6, 2, batch_first=True),
            o=nn.Linear(6, 2),
        ),
        STEPS,
    ),
    "MultiheadAttention, sequence first": Case(
        lambda: By(
            lambda m, x: m.o(m.a(*[x.transpose(0, 1)] * 3)[0]).mean(0),
            a=nn.MultiheadAttention(6, 2),
            o=nn.Linear(6, 2),
        ),
        STEPS,
    ),
    "TransformerEncoderLayer": Case(
        lambda: headed(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), 24), STEPS
    ),
    "TransformerDecoderLayer": Case(
        lambda: By(
            lambda m, x, y: m.o(m.d(x, y)).mean(1),
            d=nn.TransformerDecoderLayer(6, 2, 8, batch_first=True),
            o=nn.Linear(6, 2),
        ),
        [STEPS, STEPS],
    ),
    "Transformer": Case(
        lambda: By(
            lambda m, x, y: m.o(m.t(x, y)).mean(1),
            t=nn.Transformer(6, 2, 1, 1, 8, batch_first=True),
            o=nn.Linear(6, 2),
        ),
        [STEPS, STEPS],
    ),
    "AdaptiveLogSoftmaxWithLoss": Case(
        lambda: nn.AdaptiveLogSoftmaxWithLoss(6, 7, [3, 5]),
        [PLAIN, ("ints", 7, N)],
        targets=(N,),
        loss=lambda outputs, _: outputs,
        output=chosen_class,
    ),
    "ParameterList, ParameterDict": Case(Weights, PLAIN),
    "cross entropy": Case(
        lambda: seq(nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 2)), PLAIN, **CLASSES
    ),
    "a loss that is a module": Case(
        lambda: nn.Linear(6, 2), PLAIN, ("ints", 2, N), nn.CrossEntropyLoss(reduction="none")
    ),
    "inputs by name": Case(
        lambda: By(lambda m, *, x, y: m.l(x) * y, l=nn.Linear(6, 2)), {"x": PLAIN, "y": (N, 2)}
    ),
    "a tuple as output": Case(
        lambda: By(lambda m, x: (m.l(x), x), l=nn.Linear(6, 2)), PLAIN, output=lambda o: o[0]
    ),
    "outputs [n]": Case(lambda: seq(nn.Linear(6, 1), nn.Flatten(0)), PLAIN, (N,), "l1"),
}
