"""What the race says, one number a seed: when half is reached, foretold and measured."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from gradbook.chapters.optimizers import race
from gradbook.evidence.atlas import Atlas

DOSES, SPLIT, CONTROLS = "doses", "efficiency at step 300", "efficiency of controls"
BASELINES = ("median", "step of the fit", "norm at step 300")
LIMIT = 10
"""A prediction is cut at so many times the steps that were trained."""


def settings(found: Atlas, optimizer: str) -> list[tuple[int, float, float]]:
    """Place, decay and share of an optimizer's settings.

    Raises:
        ValueError: It was not measured.
    """
    known, config = found.config["optimizers"], found.config
    if optimizer not in known:
        raise ValueError(f"expected an optimizer of {known}, got {optimizer!r}")
    pairs = [(d, s) for d in config["decays"][optimizer] for s in config["shares"]]
    start = known.index(optimizer) * len(pairs)
    return [(start + n, *pair) for n, pair in enumerate(pairs)]


def crossing(found: Atlas, optimizer: str) -> np.ndarray:
    """Steps until half of the unseen pairs are right [seeds, settings]; inf where never."""
    at = found["crossed"][:, [n for n, _, _ in settings(found, optimizer)]].astype(float)
    return np.where(at > 0, at, np.inf)


def relative_doses(found: Atlas, optimizer: str) -> np.ndarray:
    """Of the rule and of memory, a step [seeds, settings, 2]: growth in the window and decay.

    What is not above 0 at either end has none: 0.
    """
    begin, end = found.config["window"]
    chosen = settings(found, optimizer)
    strength = found["strength"][:, [n for n, _, _ in chosen]].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = np.log(strength[:, :, 1] / strength[:, :, 0]) / (end - begin)
    decay = [decay_of(found, optimizer, each) for _, each, _ in chosen]
    positive = (strength > 0).all(2)
    return np.where(positive, growth + np.array(decay)[:, None], 0)


def decay_of(found: Atlas, optimizer: str, decay: float) -> float:
    """The share of a product of three weights that a step takes at this weight decay."""
    return 3 * found.config["rates"][optimizer] * decay


def ratios(found: Atlas, optimizer: str, account: str) -> np.ndarray:
    """The rule's relative dose over memory's, by an account [seeds, settings].

    Raises:
        ValueError: Another account.
    """
    chosen = settings(found, optimizer)
    if account == DOSES:
        of_rule, of_memory = np.moveaxis(relative_doses(found, optimizer), -1, 0)
        return of_rule / np.where(of_memory > 0, of_memory, np.inf)
    if account == SPLIT:
        both = found["efficiency"][:, [n for n, _, _ in chosen]].astype(float)
        return race.ratio_of_doses(np.maximum(both[..., 0], 0), both[..., 1])
    if account != CONTROLS:
        raise ValueError(f"expected an account of {(DOSES, SPLIT, CONTROLS)}, got {account!r}")
    alone = found["alone"][:, found.config["optimizers"].index(optimizer)].astype(float)
    whole = race.ratio_of_doses(alone[:, :, -1:], alone[:, :, :-1])
    return whole.reshape(len(whole), -1)


def predicted(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """Steps until half of the unseen pairs are right, from the window [seeds, settings].

    All accounts start from the strengths at its end, and pass the same closed form; they differ in
    the ratio of the relative doses. inf where the rule is never to overtake memory.
    """
    chosen, end = settings(found, optimizer), found.config["window"][1]
    ratio = ratios(found, optimizer, account)
    of_memory = relative_doses(found, optimizer)[..., 1]
    steps = np.full(ratio.shape, np.inf)
    for (seed, place), times in np.ndenumerate(ratio):
        at, decay, _ = chosen[place]
        rule, memory = found["strength"][seed, at, 1].astype(float).tolist()
        other = float(of_memory[seed, place])
        if min(rule, memory, other) > 0:
            steps[seed, place] = end + race.overtaking(
                rule,
                memory,
                times * other,
                other,
                decay_of(found, optimizer, decay),
                push=optimizer,
            )
    return steps


def baseline(found: Atlas, optimizer: str, name: str) -> np.ndarray:
    """The crossing by what is not a dose, in the form that suits it [seeds, settings].

    The logarithm of the step is a line in that of the baseline, fitted for each seed to all
    settings of the other seeds that crossed. The median is theirs.

    Raises:
        ValueError: Another baseline.
    """
    places = [n for n, _, _ in settings(found, optimizer)]
    known = dict(
        zip(
            BASELINES,
            (np.ones_like(found["norm"]), found["fitted"], found["norm"]),
            strict=True,
        )
    )
    if name not in known:
        raise ValueError(f"expected a baseline of {BASELINES}, got {name!r}")
    told = known[name][:, places].astype(float)
    last = found.config["steps"][optimizer]
    return _fitted_elsewhere(np.log(np.where(told > 0, told, last)), crossing(found, optimizer))


def calibrated(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """An account's predictions after the same fit that the baselines get [seeds, settings]."""
    return _fitted_elsewhere(
        np.log(_limited(found, optimizer, predicted(found, optimizer, account))),
        crossing(found, optimizer),
    )


def _fitted_elsewhere(told: np.ndarray, crossed: np.ndarray) -> np.ndarray:
    found = np.empty_like(told)
    for seed in range(len(told)):
        others = np.isfinite(crossed) & (np.arange(len(told)) != seed)[:, None]
        x, y = told[others], np.log(crossed[others])
        if np.ptp(x) == 0:
            found[seed] = np.median(y)
        else:
            found[seed] = np.polyval(np.polyfit(x, y, 1), told[seed])
    return np.exp(found)


def _limited(found: Atlas, optimizer: str, steps: np.ndarray) -> np.ndarray:
    return np.minimum(steps, LIMIT * found.config["steps"][optimizer])


def _error(found: Atlas, optimizer: str, steps: np.ndarray) -> np.ndarray:
    crossed = crossing(found, optimizer)
    there = np.isfinite(crossed)
    told = np.where(there, _limited(found, optimizer, steps), 1)
    off = np.abs(np.log(told / np.where(there, crossed, 1)))
    return off.sum(1) / there.sum(1)


def crossing_error(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """Mean distance of the logarithms of predicted and measured steps, where half is reached."""
    return _error(found, optimizer, predicted(found, optimizer, account))


def baseline_error(found: Atlas, optimizer: str, name: str) -> np.ndarray:
    """The same of a baseline that was fitted on the other seeds."""
    return _error(found, optimizer, baseline(found, optimizer, name))


def calibrated_error(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """The same of an account that was fitted on the other seeds."""
    return _error(found, optimizer, calibrated(found, optimizer, account))


def baseline_less_doses(found: Atlas, optimizer: str, name: str) -> np.ndarray:
    """A fitted baseline's error less that of the doses, which nothing was fitted to."""
    return baseline_error(found, optimizer, name) - crossing_error(found, optimizer)


def efficiency_less_doses(found: Atlas, optimizer: str, account: str) -> np.ndarray:
    """The error of circuit efficiency less that of the doses."""
    return crossing_error(found, optimizer, account) - crossing_error(found, optimizer)


def fitted_efficiency_less_doses(found: Atlas, optimizer: str, account: str) -> np.ndarray:
    """The same after a line was fitted to either on the other seeds."""
    return calibrated_error(found, optimizer, account) - calibrated_error(found, optimizer)


def crossing_ranks(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """Spearman's correlation of predicted and measured steps over the settings, never the last."""
    return _spearman(
        _limited(found, optimizer, predicted(found, optimizer, account)),
        _limited(found, optimizer, crossing(found, optimizer)),
    )


def efficient_is_fed(found: Atlas, optimizer: str) -> np.ndarray:
    """Spearman's correlation, over settings, of the controls' efficiencies with measured doses."""
    return _spearman(ratios(found, optimizer, CONTROLS), ratios(found, optimizer, DOSES))


def called(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """Share of the settings for which it is rightly told whether half is reached by the end."""
    last = found.config["steps"][optimizer]
    told = predicted(found, optimizer, account) <= last
    return (told == np.isfinite(crossing(found, optimizer))).mean(1)


def setting_error(found: Atlas, optimizer: str) -> np.ndarray:
    """The error of whoever knows the setting: the median of the other seeds in the same one."""
    crossed = crossing(found, optimizer)
    told = [
        [_median(np.delete(column, seed)) for column in crossed.T] for seed in range(len(crossed))
    ]
    return _error(found, optimizer, np.array(told))


def _median(steps: np.ndarray) -> float:
    there = steps[np.isfinite(steps)]
    return float(np.median(there)) if len(there) else np.inf


def within_settings(found: Atlas, optimizer: str, account: str = DOSES) -> np.ndarray:
    """Spearman's correlation of foretold and measured steps over the seeds of one setting.

    [settings]; nan where fewer than half of the networks get there.
    """
    told, crossed = predicted(found, optimizer, account), crossing(found, optimizer)
    ranks = []
    for x, y in zip(told.T, crossed.T, strict=True):
        there = np.isfinite(y)
        enough = there.mean() >= 0.5
        ranks.append(_spearman(x[None, there], y[None, there])[0] if enough else np.nan)
    return np.array(ranks)


def _spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row; nan where one of the two does not vary."""
    pairs = zip(rankdata(a, axis=1), rankdata(b, axis=1), strict=True)
    return np.array(
        [np.corrcoef(x, y)[0, 1] if np.ptp(x) and np.ptp(y) else np.nan for x, y in pairs]
    )
