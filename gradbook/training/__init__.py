"""Training: one network by one config, or many small ones at once."""

from gradbook.training.run import (
    LOSSES,
    Batches,
    Run,
    TrainConfig,
    evaluate,
    shuffled_batches,
    train,
)

__all__ = ["LOSSES", "Batches", "Run", "TrainConfig", "evaluate", "shuffled_batches", "train"]
