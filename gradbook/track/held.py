"""How far the gradients of single examples of a held batch agree, at a recorded step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy.special import stdtrit
from torch import Tensor, nn

from gradbook.probes.checks import kernel as checked
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
        loss: A name, or a function that returns each row's loss.
        output: What makes a tensor of what the network returns.
    """

    inputs: Inputs
    targets: Tensor
    loss: Loss = "cross_entropy"
    output: Output | None = None

    def measured(self, model: nn.Module) -> tuple[dict[str, float], dict[str, Tensor]]:
        """Noise scale with its interval and coherence; and of each row [n] its ``agreement``, the
        cosine of its gradient with the mean of the others', and its ``loss``."""
        loss = self.loss
        if isinstance(loss, str) and loss in BY_CLASS and not self.targets.is_floating_point():
            loss = BY_CLASS[
                loss
            ]  # beside batch norm, a name's check of the labels costs a pass a row
        kernel = example_gram(
            model, self.inputs, self.targets, loss=loss, output=self.output
        ).double()
        scale, low, high = noise_interval(kernel)
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
        level: Of the interval.

    Returns:
        B, its lower and its upper end, in examples; B is infinite where S ≤ 0, nan where all
        gradients are zero.

    Source: McCandlish et al. 2018, appendix A (without the pairs i = i); Efron & Stein 1981.
    """
    n = len(checked(kernel, 3))
    kernel = kernel.double()
    total, own, row = kernel.sum(), kernel.diagonal(), kernel.sum(1)
    trace = own.sum()
    if not trace > 0:
        return math.nan, math.nan, math.nan

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
