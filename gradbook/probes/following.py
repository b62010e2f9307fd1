"""Where the units of a layer go: a network is run again with some of them changed.

Every layer with weights behind them answers as if nothing had changed, so that a change ends where
it is read. What normalizes is held: a normalization keeps its mean and variance, a softmax its
result. Through these every unit reaches every other, and no weight reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence
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
_HELD = frozenset((*_NORMALIZATIONS, *_SOFTMAX, _ATTENTION))
_ATTENTION_ORDER = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")

Place = tuple[str, int]
"""A reader's name and which of its arguments."""


class Differs(Exception):
    """A run does something else than the first."""


@dataclass
class Call:
    """One call of a reader.

    Attributes:
        given: Its arguments, as they were then.
        made: What the layer itself returned.
        passed_on: What went on, behind the network's own hooks.
    """

    given: tuple
    made: Any
    passed_on: Any = None


@dataclass
class Run:
    """What a first run of a network showed.

    Attributes:
        calls: Of each reader, by its name and the number of the call.
        held: Arguments by name, and result, of each function that normalizes, one after another.
        output: What the network returned.
    """

    calls: dict[tuple[str, int], Call] = field(default_factory=dict)
    held: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    output: Any = None


def run(net: nn.Module, arguments: tuple | dict) -> Run:
    """Run a copy of a stand-in as it is.

    Args:
        net: Which; see `gradbook.probes.guard`.
        arguments: Its arguments, in order or by name.

    Raises:
        Differs: The network raises.
    """
    seen = Run()
    calls: Counter[str] = Counter()
    holding = _Noting(seen)

    def computed(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def forward(*given: Any, **named: Any) -> Any:
            told = _copied(_ordered(given, named))
            with holding.inside():
                made = plain(*given, **named)
            seen.calls[name, calls[name]] = Call(told, made)
            return made

        return forward

    def noted(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: tuple, found: Any) -> None:
            seen.calls[name, calls[name]].passed_on = _copied(found)
            calls[name] += 1

        return hook

    probed = stand_in(net)
    for name, module in _readers(probed):
        module.forward = computed(name, module.forward)
        module.register_forward_hook(noted(name))
    with holding:
        seen.output = _output(probed, arguments)
    return seen


def changed(
    net: nn.Module,
    arguments: tuple | dict,
    known: Run,
    layer: str,
    change: Callable[[Tensor], Tensor],
) -> tuple[dict[Place, Tensor], bool]:
    """Run another copy with a layer's output changed; readers compute nothing.

    Args:
        net, arguments: As in the first run.
        known: The first run, whose results readers and normalizations give again.
        layer: Whose output is changed.
        change: How.

    Returns:
        Reader and argument to whether each of its columns differs from the first run's; and
        whether the network returned other numbers.

    Raises:
        Differs: The network takes another way than in the first run, or raises.
    """
    differs: dict[Place, Tensor] = {}
    calls: Counter[str] = Counter()

    def answering(name: str, module: nn.Module) -> Callable[..., Any]:
        def forward(*given: Any, **named: Any) -> Any:
            call = known.calls[name, calls[name]]
            for place, columns in _different(name, module, call.given, _ordered(given, named)):
                before = differs.get((name, place), torch.zeros_like(columns))
                differs[name, place] = before | columns
            return call.made

        return forward

    def passing_on(name: str) -> Callable[..., Any]:
        def hook(module: nn.Module, given: tuple, found: Any) -> Any:
            found = _copied(known.calls[name, calls[name]].passed_on)
            calls[name] += 1
            return change(found) if name == layer else found

        return hook

    probed = stand_in(net)
    for name, module in _readers(probed):
        module.forward = answering(name, module)
        module.register_forward_hook(passing_on(name))
    with _Holding(known):
        output = _output(probed, arguments)
    if calls != Counter(name for name, _ in known.calls):
        raise Differs("other layers are called")
    one, other = _flat(known.output), _flat(output)
    return differs, len(one) != len(other) or not all(map(torch.equal, one, other))


def _readers(net: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(name, module) for name, module in net.named_modules() if type(module) in READERS]


def _ordered(given: tuple, named: dict[str, Any]) -> tuple:
    """A reader's arguments in order, also those that were given by name."""
    order = ("query", "key", "value", "input", "input1", "input2")
    return (*given, *(named[key] for key in order if key in named))


def _output(net: nn.Module, arguments: tuple | dict) -> Any:
    """What a network returns for a copy of the arguments; an error of its own is told as one."""
    try:
        if isinstance(arguments, dict):
            return net(**_copied(arguments))
        return net(*_copied(arguments))
    except Differs:
        raise
    except Exception as error:
        raise Differs(f"{type(error).__name__}: {error}") from error


def _copied(found: Any) -> Any:
    """The same numbers in memory of their own: a network may go on to work on its own in place."""
    if isinstance(found, Tensor):
        return found.clone()
    if isinstance(found, dict):
        return {key: _copied(part) for key, part in found.items()}
    if isinstance(found, PackedSequence):
        return PackedSequence(*map(_copied, found))
    return type(found)(map(_copied, found)) if isinstance(found, tuple | list) else found


def _different(
    name: str, reader: nn.Module, before: tuple, after: tuple
) -> Iterator[tuple[int, Tensor]]:
    """A reader's arguments that are numbers, by place, and whether each column differs.

    Raises:
        Differs: It was given another number of rows.
    """
    spatial = len(reader.kernel_size) if isinstance(reader, CONVOLUTIONS + TRANSPOSED) else 0
    for place, (a, b) in enumerate(zip(before, after, strict=True)):
        if not isinstance(a, Tensor) or not a.is_floating_point() or a.ndim <= spatial:
            continue
        if a.shape != b.shape:
            raise Differs(f"{name!r} is given {tuple(b.shape)} and not {tuple(a.shape)}")
        axis = a.ndim - 1 - spatial
        if torch.equal(a, b):
            yield place, torch.zeros(a.shape[axis], dtype=torch.bool)
        else:
            yield place, (a != b).movedim(axis, 0).flatten(1).any(1).cpu()


class _Noting(TorchFunctionMode):
    """Notes what normalizes outside readers: what one does inside is its own."""

    def __init__(self, seen: Run) -> None:
        super().__init__()
        self.seen, self.outside = seen, True

    @contextmanager
    def inside(self) -> Iterator[None]:
        """A reader computes."""
        self.outside = False
        try:
            yield
        finally:
            self.outside = True

    def __torch_function__(
        self, function: Callable, types: Any, given: tuple = (), named: dict | None = None
    ) -> Any:
        if not self.outside or function not in _HELD:
            return function(*given, **(named or {}))
        arguments = _copied(_by_name(function, given, named))
        found = function(*given, **(named or {}))
        self.seen.held.append((arguments, _copied(found)))
        return found


class _Holding(TorchFunctionMode):
    """Lets what normalizes answer as it did in the first run."""

    def __init__(self, known: Run) -> None:
        super().__init__()
        self.known = iter(known.held)

    def __torch_function__(
        self, function: Callable, types: Any, given: tuple = (), named: dict | None = None
    ) -> Any:
        if function not in _HELD:
            return function(*given, **(named or {}))
        arguments = _by_name(function, given, named)
        before, found = next(self.known, (None, None))
        if before is None:
            raise Differs("other functions normalize")
        if function is _ATTENTION:
            return function(**arguments | {n: before[n] for n in ("query", "key")})
        if function in _NORMALIZATIONS:
            return found + (arguments["input"] - before["input"])
        return _copied(found)


def _by_name(function: Callable, given: tuple, named: dict | None) -> dict[str, Any]:
    order = _ATTENTION_ORDER if function is _ATTENTION else ("input",)
    return dict(zip(order, given, strict=False)) | (named or {})


def _flat(found: Any) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found]
    if hasattr(found, "__dict__") and not isinstance(found, dict | tuple | list):
        found = vars(found)
    if isinstance(found, dict):
        found = list(found.values())
    return [t for part in found for t in _flat(part)] if isinstance(found, tuple | list) else []
