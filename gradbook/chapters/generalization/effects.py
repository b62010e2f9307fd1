"""What the experiments on generalization say: general and private features, digits, circuits."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.generalization import closed_forms
from gradbook.evidence.atlas import Atlas


def of_population(
    digits: Atlas, what: str, network: str, population: str, score: str | None = None
) -> np.ndarray:
    """One array of the digits experiment for one network and population [seeds, …].

    Args:
        digits: The digit_coherence experiment's results.
        what: The array, such as ``"coherence"``.
        network, population: Of the experiment's.
        score: Of the experiment's, for arrays that have several.
    """
    values = digits[what][:, digits.config["networks"].index(network)]
    values = values[..., digits.config["populations"].index(population)]
    if score is not None:
        values = values[..., digits.config["scores"].index(score)]
    return values.astype(float)


def early_dose_correlation(digits: Atlas, network: str, population: str) -> np.ndarray:
    """Rank correlation of an example's early dose with being predicted when left out.

    Its early dose is ⟨g_i, G_−i⟩, the mean of the early epochs: how fast a small step on all other
    examples lowers its loss.
    """
    return of_population(digits, "early_correlation", network, population, "dose")


SETTLED = 200
"""Steps after which the random weights of the start are gone in the modular addition."""


def of_setting(modular: Atlas, what: str, setting: tuple[str, float]) -> np.ndarray:
    """One array of the modular_addition experiment for one setting [seeds, records, …].

    Raises:
        ValueError: It was not run; the message lists what was.
    """
    known = [tuple(one) for one in modular.config["settings"]]
    if setting not in known:
        raise ValueError(f"expected answers and weight decay of {known}, got {setting}")
    return modular[what][:, known.index(setting)].astype(float)


def added_up(modular: Atlas, setting: tuple[str, float]) -> np.ndarray:
    """Strengths that dose less decay add up to from `SETTLED` steps on [seeds, records, 2].

    The sum over steps is the trapezoidal one between records; nan before.
    """
    strength = of_setting(modular, "strength", setting)
    rate = of_setting(modular, "strength_dose", setting) - 3 * setting[1] * strength
    start = modular["step"][0].tolist().index(SETTLED)
    span = modular.config["learning_rate"] * modular.config["every"]
    gained = span * np.cumsum((rate[:, start:-1] + rate[:, start + 1 :]) / 2, axis=1)
    found = np.full_like(strength, np.nan)
    found[:, start] = strength[:, start]
    found[:, start + 1 :] = strength[:, start, None] + gained
    return found


def transition(modular: Atlas, setting: tuple[str, float]) -> dict[str, np.ndarray]:
    """Steps at which things happen, one number a seed; nan where they do not.

    Returns:
        - ``fitted``: every seen pair is answered right.
        - ``starving``: memory's dose falls below what decay takes from it.
        - ``peak``: memory is strongest.
        - ``fed more``: the general solution's dose is above memory's.
        - ``half``: half of the unseen pairs are answered right.
    """
    step = modular["step"][0]
    accuracy, strength, dose = (
        of_setting(modular, what, setting) for what in ("accuracy", "strength", "strength_dose")
    )
    settled = step > SETTLED

    def first(reached: np.ndarray) -> np.ndarray:
        return np.where(reached.any(1), step[reached.argmax(1)], np.nan)

    return {
        "fitted": first(accuracy[..., 0] == 1),
        "starving": first(settled & (dose[..., 1] < 3 * setting[1] * strength[..., 1])),
        "peak": step[strength[..., 1].argmax(1)].astype(float),
        "fed more": first(settled & (dose[..., 0] > dose[..., 1])),
        "half": first(accuracy[..., 1] >= 0.5),
    }


EARLY = {"the loss down by a tenth": 0.9, "the loss halved": 0.5}
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
        "predicted": closed_forms.one_step_ratio(sizes, at["noise_scale"][:, None]),
        "small step": small,
        "large step": large,
        "mean of ratios": at["ratio"][:, 0],
        "B from the sample": at["plug_in"],
    }


LEVELLED = {
    "linear": "linear, general rate / n",
    "linear by Adam": "linear, Adam",
    "linear by Adam in a turned basis": "linear, Adam, turned",
    "ReLU": "ReLU, general rate / n",
    "ReLU with a fixed outgoing layer": "ReLU with its outgoing layer fixed, general rate / n",
}
"""Networks whose doses are levelled, to the change of the equal-loss experiment that does it."""


def errors_added(equal_loss: Atlas, network: str, loss: float) -> np.ndarray:
    """Share of fresh examples missed by one of `LEVELLED`, minus by plain descent, at one loss."""
    change = LEVELLED[network]
    plain = change.partition(", ")[0] + ", plain"
    error = equal_loss["error"][:, :, equal_loss.config["losses"].index(loss)]
    one, other = (error[:, equal_loss.config["changes"].index(name)] for name in (change, plain))
    return one - other


def errors_of_reweighted(reweighted: Atlas, group: str, loss: str) -> np.ndarray:
    """Share of test digits misread with a group counted less, minus plain, at equal loss."""
    config = reweighted.config
    at = config["groups"].index(group), slice(None), config["losses"].index(loss)
    plain, less = np.moveaxis(reweighted["error"][(slice(None), *at)], 1, 0)
    return less - plain


def dose_less_flag(beyond_flag: Atlas, data: str, early: str) -> np.ndarray:
    """Rank correlation of early dose with being predicted, minus that of the label's being right.

    Args:
        beyond_flag: The experiment's results.
        data: One of its data sets with wrong labels.
        early: One of `EARLY`.
    """
    scores = beyond_flag.config["scores"]
    found = _of_early(beyond_flag, "correlation", data, early)
    return found[:, scores.index("dose")] - found[:, scores.index("flag")]


def dose_beyond(beyond_flag: Atlas, data: str, early: str, fixed: str = "flag") -> np.ndarray:
    """Partial rank correlation of early dose with being predicted.

    Args:
        beyond_flag, data, early: As in `dose_less_flag`.
        fixed: ``"flag"``, ``"loss"`` (the example's own at that moment) or ``"flag and loss"``.
    """
    found = _of_early(beyond_flag, "partial", data, early)
    return found[:, beyond_flag.config["fixed"].index(fixed)]


def _of_early(beyond_flag: Atlas, name: str, data: str, early: str) -> np.ndarray:
    config = beyond_flag.config
    return beyond_flag[name][:, config["data"].index(data), config["losses"].index(EARLY[early])]
