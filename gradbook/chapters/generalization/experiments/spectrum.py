"""Who is fed, the general recognizer or the private ones, and which example agrees with the others.

Linear networks of `memorizing` with one hidden layer learn examples whose private patterns
are random directions in twice as many dimensions, so that to learn one by heart costs something
elsewhere. A job is a number of examples and a share of wrong labels.

With ReLU units, or with steps of 0.3, the general dose late in training changes sign from step to
step (seed 10, 100 examples, 30 % wrong): one step's dose then says nothing. Here it moves little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import Examples, draw
from gradbook.probes.per_example import example_gram
from gradbook.probes.spread import agreement_with_rest, example_cosines
from gradbook.training.diets import HALF_SQUARED, Diet

EPOCHS = [m * 10**k for k in (0, 1) for m in (10, 15, 20, 30, 40, 50, 70)]
CONFIG: dict[str, Any] = {
    "shares": [0.0, 0.1, 0.3],
    "sizes": [10, 30, 100, 200],
    "regularizers": [
        ["none", [0.0]],
        ["weight decay", [0.01, 0.03, 0.1]],
        ["dropout", [0.5]],
    ],
    "epochs": [0, 1, 2, 3, 5, 7, *EPOCHS, 1000, 1500, 2000, 3000],
    "learning_rate": 0.1,
    "units": 16,
    "scale": 0.2,
    "fresh": 1000,
    "shown": 48,
    "seeds": list(range(10, 20)),  # seeds 0 to 9 were the pilot
}
SETTINGS = {
    f"{size} examples, {share:.0%} wrong": (size, share)
    for share in CONFIG["shares"]
    for size in CONFIG["sizes"]
}
JOBS = tuple(SETTINGS)
UNDEFINED = ("curves",)

NO_COSINE = -128
ROUND_OFF = 1e-10  # of the first gradients' length


def measure(setting: str, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Networks of all seeds under every regularizer; examples of the first seed.

    Returns:
        R regularizers and their strengths one after the other, E epochs, M examples shown at most;
        what lies behind those that there are is empty:

        - ``curves`` [R, 3, 9, E]: the first seed, the least and the most of all seeds; the names
          are `CURVES`. nan where no label is wrong, or no decay pulls.
        - ``doses`` [R, E, M]: of the private recognizers.
        - ``agreements`` int8 [R, E, M, 3]: 127 times the cosine of an example's gradient with the
          mean of all others, and its mean cosine with the right- and with the wrong-labelled
          others; −128 where there is none.
        - ``answered`` bool [R, E, M]: whether the output has the label's sign.
        - ``counts`` [2]: how many of the M have right labels, how many wrong ones, in this order.
    """
    size, share = SETTINGS[setting]
    runs = [
        course(name, strength, size, share, config["seeds"], config)
        for name, strengths in config["regularizers"]
        for strength in strengths
    ]
    arrays = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
    return arrays | {"counts": arrays["counts"][0]}


CURVES = (
    "general",
    "right",
    "wrong",
    "general_pull",
    "right_pull",
    "wrong_pull",
    "train_error",
    "wrong_error",
    "test_error",
)
"""Dose of the general recognizer, mean dose of the private ones of right- and wrong-labelled
examples, what decay takes of them; shares not answered as labelled: of all examples, of the
wrong-labelled, of fresh ones."""


def course(
    name: str,
    strength: float,
    size: int,
    share: float,
    seeds: list[int],
    config: dict[str, Any],
    *,
    on_epoch: Callable[[], None] = lambda: None,
) -> dict[str, np.ndarray]:
    """Networks of some seeds under one regularizer.

    Args:
        name: A regularizer of the configuration.
        strength: λ, or dropout's rate.
        size: Examples n.
        share: Of wrong labels.
        seeds: One network each, on examples of its own.
        config: As `CONFIG`.
        on_epoch: Called whenever the networks are recorded.

    Returns:
        As `measure`, without the axis R.
    """
    diet = diet_of(name, strength)
    examples = draw(size, wrong=share, dimension=2 * size, fresh=config["fresh"], seeds=seeds)
    networks = memorizing.networks(
        "deep linear", examples, units=config["units"], scale=config["scale"], seeds=seeds
    )
    shown = sample(examples.wrong[0], config["shown"])
    least = ROUND_OFF * gram(networks, examples).diagonal().sqrt().mean().item()

    def watch(step: int, now: memorizing.Networks, *_: Any) -> dict[str, np.ndarray]:
        on_epoch()
        found = memorizing.gradients(now, examples, parts=False)
        private = np.maximum(found.private_dose, 0)
        right = memorizing.outputs(now, examples) * examples.labels > 0
        return {
            "curves": _curves(now, examples, np.maximum(found.dose, 0), private, right, diet),
            "doses": private[:1, shown],
            "agreements": agreements(now, examples, least)[None, shown],
            "answered": right[:1, shown],
        }

    _, records = memorizing.train(
        networks,
        examples,
        watch,
        at=config["epochs"],
        learning_rate=config["learning_rate"],
        diet=diet,
        seeds=seeds,
    )
    curves = records["curves"].astype(np.float32).swapaxes(1, 2)  # [seeds, 9, E]
    wrong = int(examples.wrong[0, shown].sum())
    return {
        "curves": np.stack([curves[0], curves.min(0), curves.max(0)]),
        "doses": _padded(records["doses"], config["shown"]).astype(np.float32),
        "agreements": _padded(records["agreements"], config["shown"], NO_COSINE),
        "answered": _padded(records["answered"], config["shown"]),
        "counts": np.array([len(shown) - wrong, wrong]),
    }


def diet_of(name: str, strength: float) -> Diet:
    """The diet of a regularizer's name in `CONFIG`."""
    fields = {"weight decay": "weight_decay", "dropout": "dropout"}
    return Diet(**{fields[name]: strength}) if name in fields else Diet()


def sample(wrong: np.ndarray, most: int) -> np.ndarray:
    """The first examples with right labels and then with wrong ones, in their proportion.

    Args:
        wrong: Which labels are wrong [n].
        most: How many to take, if there are as many.
    """
    taken = min(most, len(wrong))
    bad = round(taken * wrong.mean())
    return np.concatenate([np.flatnonzero(~wrong)[: taken - bad], np.flatnonzero(wrong)[:bad]])


def gram(networks: memorizing.Networks, examples: Examples) -> torch.Tensor:
    """Inner products of the first seed's per-example gradients [n, n]."""
    inputs, labels = map(torch.from_numpy, (examples.inputs(), examples.labels[0][:, None]))
    return example_gram(memorizing.as_module(networks), inputs, labels, loss=HALF_SQUARED.value)


def agreements(networks: memorizing.Networks, examples: Examples, least: float) -> np.ndarray:
    """How the first seed's gradients agree, as `measure` returns it, of all examples [n, 3].

    Args:
        networks, examples: Of the same seeds.
        least: A gradient no longer than this is round-off and has no direction.
    """
    kernel = gram(networks, examples)
    wrong = torch.from_numpy(examples.wrong[0])
    members = torch.stack([~wrong, wrong], 1).double()
    dead = kernel.diagonal().sqrt() <= least
    cosines = example_cosines(kernel).fill_diagonal_(0).masked_fill(dead | dead[:, None], 0)
    others = (~dead).double() @ members - members * (~dead).double()[:, None]
    found = torch.column_stack([agreement_with_rest(kernel), cosines @ members / others])
    found[dead] = torch.nan
    return np.where(found.isnan(), NO_COSINE, (127 * found).round().nan_to_num()).astype(np.int8)


def _curves(
    networks: memorizing.Networks,
    examples: Examples,
    general: np.ndarray,
    private: np.ndarray,
    right: np.ndarray,
    diet: Diet,
) -> np.ndarray:
    """`CURVES` [seeds, 9]."""
    wrong, decay = examples.wrong, diet.weight_decay or np.nan
    lengths = np.linalg.norm(examples.patterns @ networks.private, axis=-1)
    fresh = memorizing.outputs(networks, examples, fresh=True) * examples.fresh_truth
    found = (
        general,
        _mean(private, ~wrong),
        _mean(private, wrong),
        decay * np.linalg.norm(networks.general, axis=-1),
        decay * _mean(lengths, ~wrong),
        decay * _mean(lengths, wrong),
        (~right).mean(1),
        _mean(~right, wrong),
        (fresh <= 0).mean(1),
    )
    return np.stack(found, -1)


def _padded(values: np.ndarray, length: int, empty: int = 0) -> np.ndarray:
    """The first seed's values [E, M, …] with `empty` ones up to a length M."""
    widths = [(0, 0)] * (values.ndim - 1)
    widths[1] = (0, length - values.shape[2])
    return np.pad(values[0], widths, constant_values=empty)


def _mean(values: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Mean over a seed's members [seeds]; nan where it has none."""
    count = members.sum(1)
    total = np.where(members, values, 0).sum(1)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
