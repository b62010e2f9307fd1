"""What the experiments on general and private features say."""

from __future__ import annotations

import numpy as np

from gradbook import generalizing
from gradbook.atlas import Atlas

EARLY = {"the loss down a tenth": 0.9, "the loss halved": 0.5}
"""When an early dose is read, to the share of the loss that is then left."""


def power_of_ten(dose_by_count: Atlas, network: str, n: int) -> np.ndarray:
    """Logarithm to base 10 of the general feature's summed dose over a private one's."""
    config = dose_by_count.config
    return np.log10(
        dose_by_count["dose"][:, config["networks"].index(network), config["counts"].index(n)]
    )


def slope(dose_by_count: Atlas, network: str, *, least: int = 10, name: str = "dose") -> np.ndarray:
    """Slope of the ratio over n on log-log axes, least squares, for n from `least` [seeds].

    Args:
        dose_by_count: The experiment's results.
        network: One of its networks.
        least: Smallest n that counts.
        name: ``"dose"``, summed until the loss is a tenth, or ``"first"``, the first gradient.
    """
    counts = np.array(dose_by_count.config["counts"])
    number = dose_by_count.config["networks"].index(network)
    ratio = dose_by_count[name][:, number, counts >= least]
    return np.polyfit(np.log10(counts[counts >= least]), np.log10(ratio).T, 1)[0]


def moments(late_memorization: Atlas, setting: str) -> dict[str, np.ndarray]:
    """When it happens, in steps, one number a seed.

    Returns:
        - ``general``: the general feature is half learned: fresh examples are answered with half
          of 1 − 2ρ, on average.
        - ``sated``: from then on, the general recognizer's dose is first no more than the mean one
          of the wrong labels' private recognizers.
        - ``turn``: the loss on fresh examples is lowest.
        - ``private``: the private recognizers add half of what wrong labels ask for, 1 − ρ.
        - ``memorized``: for good, half of the wrong labels are answered as they were given.
        - ``harmed``: the last record at which at most one fresh example in 200 is missed; nan if
          that is the last of all.
    """
    number = list(late_memorization.config["settings"]).index(setting)
    wrong, step = late_memorization.config["wrong"], late_memorization["step"][0]

    def of(name: str) -> np.ndarray:
        return late_memorization[name][:, number].astype(float)

    def first(reached: np.ndarray) -> np.ndarray:
        return np.where(reached.any(1), step[reached.argmax(1)], np.nan)

    answer, memorized = of("general_answer"), of("memorized") >= 0.5
    general = first(answer >= (1 - 2 * wrong) / 2)
    spared = of("fresh_error")[:, ::-1] <= 0.005
    until = step[::-1][spared.argmax(1)]
    hungry = (step < general[:, None]) | (of("general_dose") > of("wrong_dose"))
    return {
        "general": general,
        "sated": first(~hungry),
        "turn": step[of("fresh_loss").argmin(1)].astype(float),
        "private": first(of("wrong_answer") + answer >= 1 - wrong),
        "memorized": first(np.logical_and.accumulate(memorized[:, ::-1], 1)[:, ::-1]),
        "harmed": np.where(spared.any(1) & ~spared[:, 0], until, np.nan),
    }


def lateness(lag: Atlas, network: str) -> np.ndarray:
    """How many times later wrong labels are learned than the general feature [seeds, counts]."""
    number = lag.config["networks"].index(network)
    return lag["private"][:, number] / lag["general"][:, number]


def lateness_slope(lag: Atlas, network: str, *, least: int = 25) -> np.ndarray:
    """Slope of the time until the wrong labels are learned over n, on log-log axes [seeds]."""
    counts = np.array(lag.config["counts"])
    private = lag["private"][:, lag.config["networks"].index(network)][:, counts >= least]
    return np.polyfit(np.log10(counts[counts >= least]), np.log10(private).T, 1)[0]


def dose_and_prediction(left_out: Atlas, data: str, early: str) -> np.ndarray:
    """Rank correlation of an example's early dose with being predicted, without weight decay."""
    return correlation(left_out, data)[:, 0, left_out.config["losses"].index(EARLY[early])]


def correlation(left_out: Atlas, data: str, *, right: bool = False) -> np.ndarray:
    """The same at every weight decay and share of the loss left [seeds, decays, losses].

    Args:
        left_out: The experiment's results.
        data: One of its data sets.
        right: Whether to take the examples with right labels alone.
    """
    name = "correlation_of_right" if right else "correlation"
    return left_out[name][:, left_out.config["data"].index(data)]


def left_out_shares(left_out: Atlas, data: str) -> dict[str, np.ndarray]:
    """What becomes of the examples, by weight decay [seeds, decays].

    Returns:
        ``right`` and ``wrong``: share of rightly and of wrongly labelled examples that are
        predicted when left out; ``fitted``: of all examples in training; ``memorized``: of all
        examples, the share fitted less the share predicted. nan where there is no wrong label.
    """
    number = left_out.config["data"].index(data)
    predicted, fitted = (
        left_out[name][:, number].astype(float) for name in ("predicted", "fitted")
    )
    wrong = left_out["wrong"][:, number][:, None]

    def mean(rows: np.ndarray) -> np.ndarray:
        count = rows.sum(-1)
        return (predicted * rows).sum(-1) / np.where(count, count, np.nan)

    return {
        "right": mean(~wrong),
        "wrong": mean(wrong),
        "fitted": fitted.mean(-1),
        "memorized": (fitted - predicted).mean(-1),
    }


def one_step_shares(one_step: Atlas, moment: int) -> dict[str, np.ndarray]:
    """The share of a step's gain that others have, by the formula and by ways to measure it.

    Args:
        one_step: The experiment's results.
        moment: One of its moments, in steps.

    Returns:
        Each [seeds, sizes]: the formula with the population's noise scale; after a small and after
        a large step, mean gain over mean gain; the mean of single ratios after a small step; and
        the formula with the noise scale of the sample itself.
    """
    at = {
        name: values[:, one_step.config["moments"].index(moment)]
        for name, values in one_step.arrays.items()
    }
    small, large = np.moveaxis(at["others"] / at["own"], 1, 0)
    sizes = np.array(one_step.config["sizes"])
    return {
        "predicted": generalizing.one_step_ratio(sizes, at["noise_scale"][:, None]),
        "small step": small,
        "large step": large,
        "mean of ratios": at["ratio"][:, 0],
        "B from the sample": at["plug_in"],
    }
