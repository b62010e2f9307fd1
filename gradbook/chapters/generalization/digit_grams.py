"""Digits with wrong labels, live: the Gram matrix of the training examples as a network learns."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from gradbook.chapters.generalization.experiments import digit_coherence
from gradbook.probes.per_example import example_gram
from gradbook.tasks.digits import digits


def grams(
    network: str, epochs: Sequence[int], *, seed: int = 0
) -> tuple[Tensor, Tensor, dict[int, Tensor]]:
    """Train one of the experiment's networks for some epochs, in float64.

    Args:
        network: One of ``digit_coherence.CONFIG["networks"]``.
        epochs: After which to take the Gram matrix, ascending.
        seed: Of pictures, labels, weights and minibatches.

    Returns:
        The labels [n], a fifth of them wrong, the true ones [n], and epoch to Gram matrix [n, n].
    """
    config = digit_coherence.CONFIG | {"epochs": list(epochs)}
    task = digits(train=config["pictures"], wrong=config["wrong"], seed=seed)
    truth = digits(train=config["pictures"], seed=seed).train_targets.argmax(1)
    inputs, labels = task.train_inputs.double(), task.train_targets.argmax(1)
    losses = digit_coherence.losses
    records = digit_coherence.learn(
        digit_coherence.network(network, seed).double(),
        inputs,
        labels,
        config,
        seed,
        lambda model: {"gram": example_gram(model, inputs, labels, loss=losses)},
    )
    found = zip(epochs, records, strict=True)
    return labels, truth, {epoch: record["gram"] for epoch, record in found}
