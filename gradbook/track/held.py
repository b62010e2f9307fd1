"""How far the gradients of single examples of a held batch agree, at a recorded step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy.special import stdtrit
from torch import Tensor, nn

from gradbook.probes.checks import kernel as checked
from gradbook.probes.checks import number
from gradbook.probes.guard import untouched
from gradbook.probes.losses import BY_CLASS
from gradbook.probes.per_example import example_gram
from gradbook.probes.reading import Inputs, Loss, Output, Rows
from gradbook.probes.spread import agreement_with_rest, coherence


@dataclass(frozen=True, eq=False)
class Held:
    """n rows at which the network is probed in evaluation mode; see `gradbook.probes`.

    Attributes:
        inputs: Rows [n, …], as probes take them.
        targets: [n, …].
        loss: Default ``"cross_entropy"``; see `gradbook.probes.losses`.
        output: What makes a tensor of what the network returns.

    Raises:
        TypeError: The targets are no tensor.
    """

    inputs: Inputs
    targets: Tensor
    loss: Loss = "cross_entropy"
    output: Output | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.targets, Tensor):
            raise TypeError(
                f"expected the held rows' targets as a tensor, got {type(self.targets).__name__}: "
                "of a DataLoader hold one batch, such as Held(*next(iter(loader)))"
            )

    @property
    def few(self) -> Inputs:
        """The first eight rows' inputs, enough to follow units with."""
        return Rows.read(self.inputs, self.targets, self.loss, self.output).take(slice(8)).inputs

    def measured(self, model: nn.Module) -> tuple[dict[str, float], dict[str, Tensor]]:
        """Noise scale with its interval and coherence; and of each row [n] its ``agreement``, the
        cosine of its gradient with the mean of the others', and its ``loss``.

        Raises:
            TypeError, ValueError: As `example_gram`; or there are fewer than three rows.

        Cost: the passes of `example_gram`, and one forward pass more.
        """
        loss = self.loss
        if isinstance(loss, str) and loss in BY_CLASS and not self.targets.is_floating_point():
            loss = BY_CLASS[
                loss
            ]  # beside batch norm, a name's check of the labels costs a pass a row
        given = (model, self.inputs, self.targets)
        kernel = example_gram(*given, loss=loss, output=self.output)
        scale, low, high = noise_interval(kernel)  # looks at the type, for round-off
        kernel = kernel.double()
        found = {
            "noise_scale": scale,
            "noise_low": low,
            "noise_high": high,
            "coherence": coherence(kernel),
        }
        with untouched(model, "eval") as net, torch.no_grad():
            losses = Rows.read(self.inputs, self.targets, loss, self.output).losses(net)
        return found, {"agreement": agreement_with_rest(kernel).cpu(), "loss": losses.cpu()}


def noise_interval(kernel: Tensor, level: float = 0.95) -> tuple[float, float, float]:
    """B_simple = tr Σ/‖G‖² of the population that n rows were drawn from, with an interval.

    From the Gram matrix K, S = Σ_{i≠j} K_ij/(n(n − 1)) has mean ‖G‖² and tr K/n − S has mean tr Σ:
    the rows' own products, which make the plug-in ‖G‖² too big by tr Σ/n, are left out. The
    interval is Student's for 1/B, with the standard error of the jackknife over rows: where it
    reaches below zero, these n rows do not bound the noise scale from above.

    Args:
        kernel: Inner products of the rows' gradients [n, n], n > 2.
        level: Of the interval, between 0 and 1.

    Returns:
        B, its lower and its upper end, in examples; B is infinite where S ≤ 0, nan where all
        gradients are zero, and 0 where they are all equal up to round-off.

    Raises:
        TypeError: The kernel is no tensor of floats, or the level no number.
        ValueError: The kernel is not square, not finite or of too few rows, or the level is not
            between 0 and 1.

    Source: McCandlish et al. 2018, appendix A (without the pairs i = i); Efron & Stein 1981.
    """
    n, least = len(checked(kernel, 3)), 8 * torch.finfo(kernel.dtype).eps
    if not 0 < (level := number(level, "level")) < 1:
        raise ValueError(f"expected a level between 0 and 1, got {level}")
    kernel = kernel.double()
    total, own, row = kernel.sum(), kernel.diagonal(), kernel.sum(1)
    trace = own.sum()
    if not trace > 0:
        return math.nan, math.nan, math.nan
    if abs(n * trace - total) <= least * n * trace:
        return 0.0, 0.0, 0.0

    def inverse(total: Tensor, trace: Tensor, n: int) -> Tensor:
        signal = (total - trace) / (n * (n - 1))
        return signal / (trace / n - signal)

    ratio = inverse(total, trace, n).item()
    without = inverse(total - 2 * row + own, trace - own, n - 1)
    error = ((n - 1) / n * (without - without.mean()).square().sum()).sqrt().item()
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * error

    def scale(ratio: float) -> float:
        return 1 / ratio if ratio > 0 else math.inf

    return scale(ratio), scale(ratio + reach), scale(ratio - reach)
