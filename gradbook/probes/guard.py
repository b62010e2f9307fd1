"""What every probe promises: the network is as it was, also after an error.

A probe never works on the reader's network but on a stand-in: a copy of its tree of modules with
tables of its own (parameters, buffers, modules, hooks, plain attributes), in which a module that
stands in two places or a parameter that two modules share is one again. Whatever a forward pass
assigns, merges, counts or draws then happens to the stand-in.

Buffers are copied. Parameters are copied too, unless every module is one of torch's or this
package's own without hooks: none of those writes to its parameters, so the stand-in reads their
memory and a probe costs no second copy of the weights. Nothing that a pending backward pass needs
is written to in either case.

Hooks, bound methods and functions that refer to modules of the network refer, in the stand-in, to
its modules, and so do objects that its modules hold. What a network writes elsewhere, such as to a
global list that collects activations, it writes.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.probes.copying import Copy

_ONE_AT_A_TIME = threading.RLock()
_PROBED: list[dict[int, Tensor]] = []  # an id names an object only while that lives
BACKWARD_HOOKS = ("_backward_hooks", "_backward_pre_hooks")
HOOKS = ("_forward_hooks", "_forward_pre_hooks", *BACKWARD_HOOKS)


@contextmanager
def untouched(model: nn.Module, mode: str, *, copy_weights: bool = False) -> Iterator[nn.Module]:
    """A stand-in for a network, in a mode; random state is given back at the end.

    One thread probes at a time: the others wait, for the random state is the process's.

    Args:
        model: The network to probe; it is only read.
        mode: ``"eval"`` or ``"train"``.
        copy_weights: Whether the caller writes to the stand-in's parameters.

    Raises:
        TypeError: The model is no `nn.Module`.
        ValueError: Another mode; or as `refuse_unfit`.
    """
    refuse_unfit(model)
    if not isinstance(mode, str) or mode not in ("eval", "train"):
        raise ValueError(f"expected mode 'eval' or 'train', got {mode!r}")
    learns = torch.is_grad_enabled()  # leaving inference mode would switch it on
    fast = mode == "train" or not any(isinstance(m, nn.RNNBase) for m in model.modules())
    with (
        _ONE_AT_A_TIME,
        _random_state_kept(),
        torch.inference_mode(False),
        _cudnn(fast),  # its recurrent layers have gradients in training mode alone
    ):
        torch.set_grad_enabled(learns)
        _PROBED.append({id(parameter): parameter for parameter in model.parameters()})
        try:
            yield stand_in(model, copy_weights=copy_weights).train(mode == "train")
        finally:
            _PROBED.pop()


def is_readers(tensor: Tensor) -> bool:
    """Whether a tensor is a parameter of a network that is being probed, not of its stand-in."""
    return any(id(tensor) in parameters for parameters in _PROBED)


class RandomState:
    """The state of the generators of torch (on every device), NumPy and `random`."""

    def __init__(self) -> None:
        cuda = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
        self._torch: list[tuple[Callable[..., None], tuple]] = [
            (torch.set_rng_state, (torch.get_rng_state(),)),
            *((torch.cuda.set_rng_state, (torch.cuda.get_rng_state(d), d)) for d in cuda),
        ]
        if torch.backends.mps.is_available():
            self._torch.append((torch.mps.set_rng_state, (torch.mps.get_rng_state(),)))
        self._numpy, self._python = np.random.get_state(), random.getstate()

    def give_back(self) -> None:
        """Set the generators to this state."""
        for set_state, state in self._torch:
            set_state(*state)
        np.random.set_state(self._numpy)
        random.setstate(self._python)

    def is_now(self) -> bool:
        """Whether nothing was drawn since."""
        now = RandomState()
        pairs = zip(self._torch, now._torch, strict=True)
        return (
            all(torch.equal(mine[0], other[0]) for (_, mine), (_, other) in pairs)
            and self._python == now._python
            and self._numpy[2:] == now._numpy[2:]
            and bool((self._numpy[1] == now._numpy[1]).all())
        )


@contextmanager
def _cudnn(allowed: bool) -> Iterator[None]:
    before = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = before and allowed
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = before


@contextmanager
def _random_state_kept() -> Iterator[None]:
    state = RandomState()
    try:
        yield
    finally:
        state.give_back()


def stand_in(model: nn.Module, *, copy_weights: bool = False) -> nn.Module:
    """A copy of a network that shares its parameters' memory where that is safe; see above."""
    return Copy(model, copy_weights or not is_plain(model))(model)


def refuse_unfit(model: nn.Module) -> None:
    """Refuse lazy modules that have not seen their first input, and parameters that are not real.

    Raises:
        TypeError: It is no network.
        ValueError: There is such a one.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected a network (nn.Module), got {type(model).__name__}")
    tensors = (*model.named_parameters(), *model.named_buffers())
    if lazy := [name for name, tensor in tensors if nn.parameter.is_lazy(tensor)]:
        raise ValueError(
            f"expected a network that knows its sizes, got lazy {lazy}: run it once on an input"
        )
    if other := [name for name, p in model.named_parameters() if p.is_complex()]:
        raise ValueError(
            f"expected parameters that are real numbers, got {other}: hold the real and the "
            "imaginary part of complex ones apart"
        )


def hooks_of(model: nn.Module, kinds: Sequence[str] = HOOKS) -> tuple[int, ...]:
    """Numbers of the hooks of a network's modules, and of those of all modules there are."""
    tables = [vars(torch.nn.modules.module)[f"_global{kind}"] for kind in kinds]
    tables += [getattr(module, kind, ()) for module in model.modules() for kind in kinds]
    return tuple(number for table in tables for number in table)


def is_plain(model: nn.Module) -> bool:
    """Whether all modules are torch's or this package's own, have no hooks and write no weights."""
    return not hooks_of(model) and all(
        type(module).__module__.startswith(("torch.nn.modules.", "gradbook."))
        and "forward" not in module.__dict__
        and getattr(module, "max_norm", None) is None
        for module in model.modules()
    )


def works_in_place(model: nn.Module) -> bool:
    """Whether a network may write to its inputs."""
    return bool(hooks_of(model)) or any(
        not type(module).__module__.startswith(("torch.nn.modules.", "gradbook."))
        or getattr(module, "inplace", False)
        for module in model.modules()
    )
