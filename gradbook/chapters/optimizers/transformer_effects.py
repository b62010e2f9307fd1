"""What the transformer's experiments say, one number a seed; part of the chapter's effects."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.optimizers import closed_forms, zipf
from gradbook.evidence.atlas import Atlas

CONTROL = "AdamW, wd = 0"


def told(results: Atlas, setting: str) -> dict:
    """What a setting was trained with.

    Raises:
        ValueError: It was not measured.
    """
    known = results.config["settings"]
    if setting not in known:
        raise ValueError(f"expected a setting of {list(known)}, got {setting!r}")
    return {**results.config["default"], **known[setting]}


def _of(results: Atlas, array: str, setting: str) -> np.ndarray:
    told(results, setting)
    return results[array][:, list(results.config["settings"]).index(setting)].astype(float)


def subject_shares(facts: Atlas) -> np.ndarray:
    """Share of the examples that show each subject [subjects]."""
    return zipf.frequencies(facts.config["subjects"])


def fact_eighths(facts: Atlas, setting: str) -> np.ndarray:
    """Probability of the right object in each eighth of the subjects [seeds, 8]."""
    return _eighths(_of(facts, "right", setting))


def _eighths(by_subject: np.ndarray) -> np.ndarray:
    return by_subject.reshape(*by_subject.shape[:-1], 8, -1).mean(-1)


def own_weights_law(facts: Atlas, setting: str) -> np.ndarray:
    """What recognizers with weights of their own would answer, by eighths [8]."""
    one = told(facts, setting)
    p, decay = subject_shares(facts), one["decay"]
    if one["kind"] == "momentum":
        return _eighths(np.maximum(0, 1 - decay / p))
    if not decay:
        return np.ones(8)
    return _eighths(closed_forms.adamw_answer(p, one["batch"], decay, 0.999))


def fact_gap(facts: Atlas, setting: str) -> np.ndarray:
    """Largest distance of an eighth from `own_weights_law`."""
    return np.abs(fact_eighths(facts, setting) - own_weights_law(facts, setting)).max(1)


def common_less_rare_facts(facts: Atlas, setting: str) -> np.ndarray:
    """Probability of the right object in the most common eighth less that in the rarest."""
    parts = fact_eighths(facts, setting)
    return parts[:, 0] - parts[:, -1]


def rare_gain(facts: Atlas, setting: str, less: str) -> np.ndarray:
    """The rarest eighth's probability of the right object under a setting less under another."""
    return fact_eighths(facts, setting)[:, -1] - fact_eighths(facts, less)[:, -1]


def row_exponent(facts: Atlas, setting: str) -> np.ndarray:
    """Exponent of the norm of a subject's row in the subject's frequency."""
    norms = np.log(_of(facts, "norm", setting))
    return np.polyfit(np.log(subject_shares(facts)), norms.T, 1)[0]


def norm_eighths(facts: Atlas, setting: str) -> np.ndarray:
    """Mean norm of the subjects' rows in each eighth of the subjects [seeds, 8]."""
    return _eighths(_of(facts, "norm", setting))


def row_law(facts: Atlas, setting: str, *, resting: bool = False) -> float:
    """`closed_forms.turning_norm` of rows that begin at 1: at the end, or at rest."""
    one, width = told(facts, setting), facts.config["sizes"]["width"]
    steps = np.inf if resting else facts.config["steps"]
    return closed_forms.turning_norm(one["rate"], one["decay"], width, steps=steps)


def row_over_law(facts: Atlas, setting: str, *, resting: bool = True) -> np.ndarray:
    """Mean norm of the subjects' rows over √(ηd/2wd), or over what is left of the way there."""
    return _of(facts, "norm", setting).mean(1) / row_law(facts, setting, resting=resting)


def dose_share(facts: Atlas, setting: str, rows: str) -> np.ndarray:
    """Mean over rows of the part of the gradient that lies along them, |dose|/‖g‖.

    Args:
        facts: The facts experiment's results.
        setting: One of its settings.
        rows: ``"embedding"`` or ``"readout"``.
    """
    array = {"embedding": "slope", "readout": "readout_slope"}[rows]
    return np.abs(_of(facts, array, setting)).mean(1)


def fate_rank(facts: Atlas, setting: str, score: str, of: str) -> np.ndarray:
    """Rank correlation of an early score with ``"norm"`` or ``"worth"``, mean over blocks."""
    return _of(facts, f"of_{of}", setting)[..., facts.config["scores"].index(score)].mean(1)


def text_losses(text: Atlas, setting: str, part: str) -> np.ndarray:
    """Log-loss at the end by eighths of the words, on ``"held"`` or ``"learned"`` [seeds, 8]."""
    return _of(text, part, setting)[:, -1]


def text_course(text: Atlas, setting: str) -> np.ndarray:
    """Log-loss of the rarest eighth of the words in kept paragraphs [seeds, records]."""
    return _of(text, "held", setting)[..., -1]


def rise_of_rare(text: Atlas, setting: str) -> np.ndarray:
    """What decay adds to the log-loss of the rarest eighth beyond the commonest's, as learned."""
    rise = text_losses(text, setting, "learned") - text_losses(text, CONTROL, "learned")
    return rise[:, -1] - rise[:, 0]


def fall_of_rare(text: Atlas, setting: str) -> np.ndarray:
    """What decay takes from the log-loss of the rarest eighth in paragraphs kept from training."""
    return (text_losses(text, CONTROL, "held") - text_losses(text, setting, "held"))[:, -1]
