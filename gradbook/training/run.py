"""Training runs: one config in, one `Run` with checkpoints and curves out."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.adam import adam
from tqdm.auto import tqdm

from gradbook.tasks import Task

LOSSES: dict[str, Callable[..., Tensor]] = {
    "l1": functional.l1_loss,
    "squared": functional.mse_loss,
}
"""Losses by name; each takes ``reduction="none"`` or ``"mean"``."""

Batches = Callable[[int], Iterable[Tensor]]
"""Epoch number (from 1) to the row indices of its minibatches, in order."""


@dataclass(frozen=True)
class TrainConfig:
    """How to train.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Rows per minibatch.
        learning_rate: Adam's step size.
        clip: Largest norm of a minibatch gradient; None does not clip.
        loss: One of `LOSSES`.
        weight_decay: L2 coefficient, as in `torch.optim.Adam`.
        seed: Seed of the minibatches' order and of dropout's masks.
        checkpoints: Epochs whose parameters are kept; 0 is the start. None keeps them all.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 1e-4
    clip: float | None = 0.3
    loss: str = "l1"
    weight_decay: float = 0.0
    seed: int = 0
    checkpoints: tuple[int, ...] | None = ()

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"expected a loss of {list(LOSSES)}, got {self.loss!r}")
        if self.epochs < 0 or self.batch_size < 1 or not self.learning_rate > 0:
            raise ValueError(
                "expected epochs >= 0, batch_size >= 1 and learning_rate > 0, got "
                f"{self.epochs}, {self.batch_size} and {self.learning_rate}"
            )

    def keeps(self, epoch: int) -> bool:
        """Whether the parameters after this epoch are kept."""
        return self.checkpoints is None or epoch in self.checkpoints


@dataclass(frozen=True, eq=False)
class Run:
    """What a training run left behind.

    Attributes:
        config: How it was trained.
        model: The network after the last epoch.
        checkpoints: Epoch to state dict, for the epochs that the config keeps.
        train_loss: Mean training loss after each epoch [epochs + 1], evaluation mode.
        test_loss: Mean test loss after each epoch [epochs + 1].
        train_r2: Share of the training targets' variance explained [epochs + 1].
        test_r2: The same for the test targets [epochs + 1].
    """

    config: TrainConfig
    model: nn.Module
    checkpoints: dict[int, dict[str, Tensor]]
    train_loss: Tensor
    test_loss: Tensor
    train_r2: Tensor
    test_r2: Tensor

    def model_at(self, epoch: int) -> nn.Module:
        """A copy of the network as it was after an epoch; 0 is the start.

        Raises:
            ValueError: The epoch was not kept.
        """
        if epoch not in self.checkpoints:
            raise ValueError(
                f"expected a kept epoch of {sorted(self.checkpoints)}, got {epoch}: "
                "list it in TrainConfig(checkpoints=…)"
            )
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.checkpoints[epoch])
        return model


def train(
    model: nn.Module,
    task: Task,
    config: TrainConfig | None = None,
    *,
    batches: Batches | None = None,
    progress: bool = True,
    on_epoch: Callable[[int, float], None] | None = None,
) -> Run:
    """Train a copy of a network with Adam; the network given stays as it was.

    The same network, task and config give the same run on the same machine with the same
    number of threads. The global random generator is left as it was.

    Args:
        model: Network on the task's device.
        task: What to learn.
        config: How; the default is the setting of the minibatch chapter.
        batches: Another choice of minibatches than `shuffled_batches` with the config's seed.
        progress: Whether to show a progress bar.
        on_epoch: Called after each epoch with its number and the test loss.

    Raises:
        ValueError: The network holds no parameter that learns.
        FloatingPointError: The loss became infinite or nan; names epoch and step.
    """
    config = config or TrainConfig()
    model = copy.deepcopy(model)
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("expected a network with parameters that learn, got none")
    if batches is None:
        batches = shuffled_batches(len(task.train_inputs), config.batch_size, config.seed)
    device = parameters[0].device
    optimizer = _Adam(parameters, config)
    loss_of = LOSSES[config.loss]
    curves = [evaluate(model, task, config.loss)]
    checkpoints = {0: _snapshot(model)} if config.keeps(0) else {}
    bar = tqdm(total=config.epochs, desc=task.name, unit="epoch", disable=not progress)
    with bar, torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        for epoch in range(1, config.epochs + 1):
            model.train()
            for step, rows in enumerate(batches(epoch), start=1):
                loss = loss_of(model(task.train_inputs[rows]), task.train_targets[rows])
                if not math.isfinite(loss.item()):
                    raise FloatingPointError(
                        f"the loss became {loss.item()} at epoch {epoch}, step {step}: "
                        f"lower the learning rate (now {config.learning_rate})"
                    )
                optimizer.step(torch.autograd.grad(loss, parameters, allow_unused=True))
            curves.append(evaluate(model, task, config.loss))
            if not math.isfinite(curves[-1][0]):
                raise FloatingPointError(
                    f"the loss became {curves[-1][0]} at epoch {epoch}, step {step}, its last: "
                    f"lower the learning rate (now {config.learning_rate})"
                )
            if config.keeps(epoch):
                checkpoints[epoch] = _snapshot(model)
            bar.update()
            bar.set_postfix(test_loss=f"{curves[-1][1]:.4g}")
            if on_epoch is not None:
                on_epoch(epoch, curves[-1][1])
    model.eval()
    return Run(config, model, checkpoints, *torch.tensor(curves, dtype=torch.float64).T)


def shuffled_batches(rows: int, batch_size: int, seed: int) -> Batches:
    """All rows once an epoch, in an order of the seed and the epoch; the last may be short."""
    if rows < 1 or batch_size < 1:
        raise ValueError(f"expected rows and batch_size >= 1, got {rows} and {batch_size}")

    def batches(epoch: int) -> tuple[Tensor, ...]:
        generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
        return torch.randperm(rows, generator=generator).split(batch_size)

    return batches


@torch.no_grad()
def evaluate(model: nn.Module, task: Task, loss: str) -> tuple[float, float, float, float]:
    """Training loss, test loss, training R² and test R² in evaluation mode.

    Training rows are judged on as many of them as there are test rows, the first ones.
    R² = 1 − Σ(y − f)² / Σ(y − ȳ)², ȳ the mean target of the split.
    """
    was_training = model.training
    model.eval()
    losses, scores = [], []
    for inputs, targets in (
        (
            task.train_inputs[: len(task.test_inputs)],
            task.train_targets[: len(task.test_inputs)],
        ),
        (task.test_inputs, task.test_targets),
    ):
        outputs = model(inputs)
        losses.append(LOSSES[loss](outputs, targets).item())
        spread = (targets - targets.mean()).square().sum()
        scores.append(1 - ((targets - outputs).square().sum() / spread).item())
    model.train(was_training)
    return (*losses, *scores)


class _Adam:
    """Clipping and the steps of ``torch.optim.Adam(fused=True)``, on one thread bit for bit.

    Called as functions they spare each step the optimizer's groups and hooks, and the first
    training of a process the import of torch's compiler, which takes about a second.
    """

    def __init__(self, parameters: list[nn.Parameter], config: TrainConfig) -> None:
        self.config = config
        self.state = [
            (p, torch.zeros_like(p), torch.zeros_like(p), _step_count(p)) for p in parameters
        ]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor | None]) -> None:
        """Move every parameter that has a gradient; the gradients are clipped in place."""
        fed = [
            (gradient, *state)
            for gradient, state in zip(gradients, self.state, strict=True)
            if gradient is not None
        ]
        fed_gradients, values, means, squares, steps = map(list, zip(*fed, strict=True))
        if self.config.clip is not None:
            scale = (self.config.clip / (_total_norm(fed_gradients) + 1e-6)).clamp(max=1.0)
            for gradient in fed_gradients:
                gradient.mul_(scale)
        adam(
            values,
            fed_gradients,
            means,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            eps=1e-8,
            maximize=False,
        )


def _total_norm(tensors: list[Tensor]) -> Tensor:
    """The norm of all tensors together; on one thread the bits of `nn.utils.get_total_norm`.

    torch takes the norm of one tensor on one thread. The other threads' parts then travel to that
    one's cache, and back when they are scaled; cores that share no cache wait for that. Here every
    thread has a part of its own.
    """
    threads = torch.get_num_threads()
    norms = []
    for tensor in tensors:
        parts = threads if tensor.numel() % threads == 0 else 1
        rows = tensor.reshape(parts, tensor.numel() // parts)
        norms.append(torch.linalg.vector_norm(rows, dim=1))
    return torch.linalg.vector_norm(torch.cat(norms))


def _step_count(parameter: nn.Parameter) -> Tensor:
    return torch.zeros((), dtype=torch.float32, device=parameter.device)


def _snapshot(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
