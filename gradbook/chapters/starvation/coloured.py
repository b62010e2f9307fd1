"""Coloured digits: a colour that tells the label better than the shape does, until it lies.

After the coloured MNIST of Arjovsky et al. 2019, which Pezeshki et al. 2021 take over, on the small
digits that scikit-learn ships. A label says whether a digit is below 5, and is wrong for a quarter
of all pictures; the colour follows the label, wrong or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import Tensor

PICTURES, PIXELS = 1797, 64
WRONG, TRAINING, TESTING = 0.25, 0.15, 0.9
"""Share of wrong labels, and of pictures in the other label's colour in training and testing."""


@dataclass(frozen=True, eq=False)
class Coloured:
    """Pictures in two colours.

    Attributes:
        train_inputs, test_inputs: One channel a colour, the other one empty [pictures, 128].
        train_labels, test_labels: ±1 [pictures].
        grey_inputs: The test pictures in both colours at half strength [pictures, 128].
    """

    train_inputs: Tensor
    train_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor
    grey_inputs: Tensor


def coloured(
    seed: int,
    *,
    train: int = 1200,
    wrong: float = WRONG,
    training: float = TRAINING,
    testing: float = TESTING,
    grey: bool = False,
) -> Coloured:
    """Shuffle, split, spoil and colour the digits.

    Args:
        seed: Of all four.
        train: Training pictures; the other ones of 1,797 are for testing.
        wrong: Share of labels that are turned round, in both parts.
        training, testing: Chance that a picture has the other label's colour.
        grey: Whether training and test pictures too come in both colours at half strength.

    Source: Arjovsky et al. 2019, §5.
    """
    generator = torch.Generator().manual_seed(seed)

    def turned(chance: float | Tensor) -> Tensor:
        return 1 - 2 * torch.bernoulli(
            torch.as_tensor(chance).expand(PICTURES), generator=generator
        )

    pictures, digit = (torch.from_numpy(part) for part in load_digits(return_X_y=True))
    order = torch.randperm(PICTURES, generator=generator)
    pictures, digit = (pictures[order] / 16).float(), digit[order]
    labels = torch.where(digit < 5, 1.0, -1.0) * turned(wrong)
    is_test = torch.arange(PICTURES) >= train
    colour = labels * turned(torch.where(is_test, testing, training))
    both = torch.cat([pictures, pictures], 1) / 2
    channels = torch.stack([colour > 0, colour < 0], 1)[..., None]
    inputs = both if grey else (channels * pictures[:, None]).flatten(1)
    return Coloured(inputs[:train], labels[:train], inputs[train:], labels[train:], both[train:])
