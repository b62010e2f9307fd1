"""What the chapter's experiments say, one number a seed."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.optimizers import closed_forms, tails, zipf
from gradbook.chapters.optimizers.race_checks import critical_share_beyond  # noqa: F401
from gradbook.chapters.optimizers.race_effects import (  # noqa: F401
    baseline_less_doses,
    crossing_error,
    crossing_ranks,
    efficiency_less_doses,
    efficient_is_fed,
    fitted_efficiency_less_doses,
)
from gradbook.chapters.optimizers.transformer_effects import (  # noqa: F401
    common_less_rare_facts,
    dose_share,
    fact_gap,
    fall_of_rare,
    fate_rank,
    rare_gain,
    rise_of_rare,
    row_exponent,
    row_over_law,
)
from gradbook.evidence.atlas import Atlas


def row(law: Atlas, setting: str) -> int:
    """Place of a setting among those of the law's experiment.

    Raises:
        ValueError: It was not measured.
    """
    known = list(law.config["settings"])
    if setting not in known:
        raise ValueError(f"expected a setting of {known}, got {setting!r}")
    return known.index(setting)


def settings_of(law: Atlas, setting: str) -> dict:
    """What one setting of the law's experiment was trained with."""
    row(law, setting)
    return {**law.config["default"], **law.config["settings"][setting]}


def predicted(law: Atlas, setting: str, *, simple: bool = False) -> np.ndarray:
    """Answers at rest by the closed form of that setting's optimizer [K].

    Args:
        law: The law experiment's results.
        setting: One of its settings.
        simple: Whether AdamW's law is taken for a long memory and right targets.
    """
    one, p = settings_of(law, setting), np.array(law.config["frequencies"])
    batch, decay, kind = one["batch"], one["decay"], one["kind"]
    if kind == "AdamW" and simple:
        return closed_forms.adamw_answer(p, batch, decay)
    if kind == "AdamW" and one["noise"]:
        noisy = closed_forms.noisy_answer
        return np.array([noisy(q, batch, decay, one["noise"], one["beta2"]) for q in p.tolist()])
    forms = {
        "AdamW": lambda: closed_forms.adamw_answer(p, batch, decay, one["beta2"]),
        "SignSGD": lambda: closed_forms.decoupled(closed_forms.sign_push(p, batch), decay),
        "SignSGD, L2": lambda: closed_forms.sign_vote(p, batch, decay),
        "Lion": lambda: np.full_like(p, closed_forms.decoupled(1.0, decay)),
    }
    return forms.get(kind, lambda: np.maximum(0, 1 - decay / p))()


def gap(law: Atlas, setting: str, *, simple: bool = False) -> np.ndarray:
    """Largest distance of the answers from the closed form, over all frequencies."""
    found = law["answer"][:, row(law, setting)].astype(float)
    return np.abs(found - predicted(law, setting, simple=simple)).max(1)


def gap_at(law: Atlas, B: int, wd: float) -> np.ndarray:
    """The same for AdamW's law without corrections, at a batch size and a decay."""
    return gap(law, f"AdamW, B = {B}, wd = {wd:g}", simple=True)


def moved_by_weighting(law: Atlas, setting: str) -> np.ndarray:
    """Largest change of an answer when the loss of every example is multiplied."""
    base = "AdamW, B = 64, wd = 0.3"
    changed = law["answer"][:, [row(law, setting), row(law, base)]].astype(float)
    return np.abs(changed[:, 0] - changed[:, 1]).max(1)


def shared_gap(shared: Atlas, decay: float) -> np.ndarray:
    """Largest distance of a shared layer's answers from n (push/wd)², over all frequencies."""
    config, at = shared.config, shared.config["decays"].index(decay)
    law = closed_forms.shared_answer(
        np.array(config["frequencies"]),
        config["batch_size"],
        decay,
        shared["units"][:, at],
        config["beta2"],
    )
    return np.abs(shared["answer"][:, at].astype(float) - law).max(1)


def word_shares(words: Atlas) -> np.ndarray:
    """Frequencies of the tokens [tokens], from the most common."""
    return zipf.frequencies(words.config["tokens"])


def eighths(words: Atlas, setting: str) -> np.ndarray:
    """Probability of the rule in each eighth of the tokens, the most common first [seeds, 8]."""
    at = list(words.config["settings"]).index(setting)
    found = words["rule"][:, at].astype(float)
    return found.reshape(len(found), 8, -1).mean(2)


def common_less_rare(words: Atlas, setting: str) -> np.ndarray:
    """Probability of the rule in the most common eighth less that in the rarest."""
    parts = eighths(words, setting)
    return parts[:, 0] - parts[:, -1]


def large_less_small_batch(words: Atlas) -> np.ndarray:
    """The rarest eighth's probability of the rule at B = 256 less that at B = 16, wd = 1."""
    large, small = (eighths(words, f"AdamW, wd = 1, B = {size}")[:, -1] for size in (256, 16))
    return large - small


def word_exponent(words: Atlas, setting: str) -> np.ndarray:
    """Exponent of the time to learn in the frequency, over the tokens of rank 5 and more."""
    at = list(words.config["settings"]).index(setting)
    return _slopes(np.log(word_shares(words))[4:], words["learned"][:, at, 4:])


def time_exponent(learning: Atlas, optimizer: str) -> np.ndarray:
    """The same of facts with weights of their own, where Bp is between 1 − β₂ and 1."""
    p, chosen = _between(learning)
    at = learning.config["optimizers"].index(optimizer)
    return _slopes(np.log(p[chosen]), learning["learned"][:, at, chosen])


def learned_share(learning: Atlas, optimizer: str) -> np.ndarray:
    """Share of the facts of `time_exponent` that are learned before the end."""
    at = learning.config["optimizers"].index(optimizer)
    return (learning["learned"][:, at, _between(learning)[1]] > 0).mean(1)


def predicted_time_exponent(learning: Atlas, optimizer: str) -> np.ndarray:
    """What `time_exponent` would be if the same facts took as long as the closed form says."""
    p, chosen = _between(learning)
    at = learning.config["optimizers"].index(optimizer)
    learned = learning["learned"][:, at, chosen] > 0
    law = _times(learning, optimizer)[chosen]
    return _slopes(np.log(p[chosen]), np.where(learned, law, 0))


def time_over_law(learning: Atlas, optimizer: str, rank: int) -> np.ndarray:
    """Steps until the fact of a rank, from 1, is learned, over what the closed form says."""
    at = learning.config["optimizers"].index(optimizer)
    learned = learning["learned"][:, at, rank - 1].astype(float)
    return np.where(learned > 0, learned, np.nan) / _times(learning, optimizer)[rank - 1]


def _between(learning: Atlas) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies of the facts whose times are kept, and where Bp is between 1 − β₂ and 1."""
    config = learning.config
    p = tails.frequencies(config)[: config["kept"]]
    seen = config["batch_size"] * p
    return p, (seen < 1) & (seen > 1 - config["beta2"])


def _times(learning: Atlas, optimizer: str) -> np.ndarray:
    """The closed form's steps until each fact is learned."""
    return closed_forms.learning_time(
        _between(learning)[0], optimizer, **_told(learning, optimizer)
    )


def _told(learning: Atlas, optimizer: str) -> dict[str, float]:
    """What the closed forms ask of an optimizer of the experiment."""
    config = learning.config
    told = {name: config[name] for name in ("start", "batch_size", "beta2")}
    return told | {"learning_rate": config["rates"][optimizer]}


def predicted_loss(learning: Atlas, optimizer: str) -> np.ndarray:
    """The sum of the closed forms at the steps whose loss is recorded."""
    step, p = tails.recorded(learning.config), tails.frequencies(learning.config)
    answers = closed_forms.answer_over_time(step, p, optimizer, **_told(learning, optimizer))
    return (p * (1 - answers) ** 2).sum(1) / 2


def _slopes(x: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Slope of log time, over what is learned, of each seed."""
    found = []
    for times_of in learned:
        there = times_of > 0
        found.append(np.polyfit(x[there], np.log(times_of[there]), 1)[0])
    return np.array(found)


def loss_exponent(learning: Atlas, optimizer: str, window: tuple[int, int]) -> np.ndarray:
    """Slope of log loss in log steps, between two steps."""
    loss = learning["loss"][:, learning.config["optimizers"].index(optimizer)]
    return _slope_in_steps(learning, loss, window)


def predicted_loss_exponent(learning: Atlas, optimizer: str, window: tuple[int, int]) -> float:
    """The same of `predicted_loss`."""
    return float(_slope_in_steps(learning, predicted_loss(learning, optimizer)[None], window)[0])


def _slope_in_steps(learning: Atlas, loss: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    step = tails.recorded(learning.config)
    chosen = (step >= window[0]) & (step <= window[1])
    return np.polyfit(np.log(step[chosen]), np.log(loss[:, chosen].T), 1)[0]


def loss_exponents_ratio(learning: Atlas, window: tuple[int, int]) -> np.ndarray:
    """Adam's exponent of the loss in the steps over that of gradient descent."""
    adam, sgd = (loss_exponent(learning, name, window) for name in ("Adam", "SGD"))
    return adam / sgd


def fact_exponent(learning: Atlas, optimizer: str, window: tuple[int, int]) -> np.ndarray:
    """Slope of log loss in the logarithm of the number of facts learned, between two steps."""
    step = tails.recorded(learning.config)
    chosen = (step >= window[0]) & (step <= window[1])
    at = learning.config["optimizers"].index(optimizer)
    pairs = zip(learning["loss"][:, at, chosen], learning["count"][:, at, chosen], strict=True)
    return np.array([np.polyfit(np.log(n), np.log(loss), 1)[0] for loss, n in pairs])


def rank_of_norm(fate: Atlas, score: str) -> np.ndarray:
    """Spearman's correlation of an early score with the norm at the end."""
    return fate["of_norm"][:, fate.config["scores"].index(score)]


def rank_of_worth(fate: Atlas, score: str) -> np.ndarray:
    """Spearman's correlation of an early score with what the unit's removal costs at the end."""
    return fate["of_worth"][:, fate.config["scores"].index(score)]


def beyond_growth(fate: Atlas) -> np.ndarray:
    """How much better the early dose ranks final norms than early growth does."""
    return rank_of_norm(fate, "dose") - rank_of_norm(fate, "growth")


def ticket_over_snip(fate: Atlas) -> np.ndarray:
    """Test accuracy of the units chosen by early dose, trained alone, less that of SNIP's."""
    names = fate.config["tickets"]
    return fate["ticket"][:, names.index("dose")] - fate["ticket"][:, names.index("SNIP")]
