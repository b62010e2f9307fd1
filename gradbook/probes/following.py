"""Where the units of a layer go: a network is run again with some of them changed.

Every layer with weights behind them answers as if nothing had changed, so that a change ends where
it is read. What normalizes is held: a normalization keeps its mean and variance, a softmax its
result. Through these every unit reaches every other, and no weight reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from gradbook.models import OneHotLinear
from gradbook.probes.guard import stand_in

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
RECURRENT = (nn.RNN, nn.LSTM, nn.GRU)
CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
LAYERS = (nn.Linear, OneHotLinear, *CONVOLUTIONS, *TRANSPOSED)
READERS = (*LAYERS, *RECURRENT, *CELLS, nn.MultiheadAttention, nn.Bilinear)

_NORMALIZATIONS = (
    *(functional.layer_norm, functional.group_norm, functional.rms_norm, functional.normalize),
    *(functional.local_response_norm, functional.instance_norm),
    *(torch.layer_norm, torch.group_norm, torch.rms_norm),
)
_SOFTMAX = (
    *(functional.softmax, functional.log_softmax, functional.softmin, functional.gumbel_softmax),
    *(torch.softmax, torch.log_softmax, Tensor.softmax, Tensor.log_softmax),
)
_ATTENTION = functional.scaled_dot_product_attention
_ATTENTION_ORDER = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")

Place = tuple[str, int]
"""A reader's name and which of its arguments."""


class Differs(Exception):
    """A run does something else than the first."""


@dataclass
class Run:
    """What one run of a network showed.

    Attributes:
        calls: Arguments and result of each reader, by its name and the number of its call.
        held: Arguments by name, and result, of each function that normalizes, one after another.
        output: What the network returned.
    """

    calls: dict[tuple[str, int], tuple[tuple, Any]] = field(default_factory=dict)
    held: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    output: Any = None


def run(
    net: nn.Module,
    arguments: tuple | dict,
    layer: str = "",
    change: Callable[[Tensor], Tensor] | None = None,
    known: Run | None = None,
) -> Run:
    """Run a copy of a stand-in.

    Args:
        net: Which; see `gradbook.probes.guard`.
        arguments: Its arguments, in order or by name.
        layer: Whose output is changed.
        change: How; None leaves it.
        known: A run before, whose results readers and normalizations give again.

    Raises:
        Differs: The network takes another way than in the run before, or raises.
    """
    probed, seen = stand_in(net), Run()

    def note(name: str) -> Callable[..., Any]:
        def hook(module: nn.Module, given: tuple, named: dict, found: Any) -> Any:
            order = ("query", "key", "value", "input", "input1", "input2")
            given = (*given, *(named[key] for key in order if key in named))
            call = name, sum(called == name for called, _ in seen.calls)
            seen.calls[call] = given, found
            found = found if known is None else known.calls[call][1]
            return change(found) if change is not None and name == layer else found

        return hook

    for name, module in probed.named_modules():
        if type(module) in READERS:
            module.register_forward_hook(note(name), with_kwargs=True)
    try:
        with _Holding(seen, known):
            if isinstance(arguments, dict):
                seen.output = probed(**{name: part.clone() for name, part in arguments.items()})
            else:
                seen.output = probed(*(part.clone() for part in arguments))
    except Exception as error:
        raise Differs(f"{type(error).__name__}: {error}") from error
    if known is not None and seen.calls.keys() != known.calls.keys():
        raise Differs("other layers are called")
    return seen


class _Holding(TorchFunctionMode):
    """Notes what normalizes, and answers as it did in a run before."""

    def __init__(self, seen: Run, known: Run | None) -> None:
        super().__init__()
        self.seen, self.known = seen, known

    def __torch_function__(
        self, function: Callable, types: Any, given: tuple = (), named: dict | None = None
    ) -> Any:
        if function not in (*_NORMALIZATIONS, *_SOFTMAX, _ATTENTION):
            return function(*given, **(named or {}))
        order = _ATTENTION_ORDER if function is _ATTENTION else ("input",)
        arguments = dict(zip(order, given, strict=False)) | (named or {})
        if self.known is None:
            found = function(*given, **(named or {}))
        else:
            before, found = self.known.held[len(self.seen.held)]
            if function is _ATTENTION:
                found = function(**arguments | {n: before[n] for n in ("query", "key")})
            elif function in _NORMALIZATIONS:
                found = found + (arguments["input"] - before["input"])
        self.seen.held.append((arguments, found))
        return found


def differences(first: Run, second: Run, modules: dict[str, nn.Module]) -> dict[Place, Tensor]:
    """Reader and argument to whether each of its columns differs between two runs.

    Raises:
        Differs: A reader was given another number of rows.
    """
    found: dict[Place, Tensor] = {}
    for (name, number), (before, _) in first.calls.items():
        after = second.calls[name, number][0]
        reader = modules[name]
        spatial = len(reader.kernel_size) if isinstance(reader, CONVOLUTIONS + TRANSPOSED) else 0
        for place, (a, b) in enumerate(zip(before, after, strict=True)):
            if not isinstance(a, Tensor) or not a.is_floating_point() or a.ndim <= spatial:
                continue
            if a.shape != b.shape:
                raise Differs(f"{name!r} is given {tuple(b.shape)} and not {tuple(a.shape)}")
            different = (a != b).movedim(a.ndim - 1 - spatial, 0).flatten(1).any(1).cpu()
            found[name, place] = found.get((name, place), torch.zeros_like(different)) | different
    return found


def outputs_differ(first: Run, second: Run) -> bool:
    """Whether the network returned other numbers."""
    one, other = _flat(first.output), _flat(second.output)
    return len(one) != len(other) or not all(map(torch.equal, one, other))


def _flat(found: Any) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found]
    if hasattr(found, "__dict__") and not isinstance(found, dict | tuple | list):
        found = vars(found)
    if isinstance(found, dict):
        found = list(found.values())
    return [t for part in found for t in _flat(part)] if isinstance(found, tuple | list) else []
