"""The callbacks record what the plain loop records, in the real trainers.

Each runs in a Python of its own: both packages warn of things that are not ours.
"""

import importlib.util
import json
import subprocess
import sys

import pytest

COMMON = """
import json, sys, tempfile, warnings
warnings.simplefilter("ignore")
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_pre_hooks
from torch.utils.data import DataLoader, Dataset, TensorDataset
from gradbook import track

folder = sys.argv[1]
torch.manual_seed(0)
rows = torch.randn(48, 6)
labels = rows[:, :3].argmax(1)

def optimizer_of(model):
    # Biases are not decayed: the Hugging Face trainer has it so.
    weights, biases = ([p for p in model.parameters() if (p.ndim > 1) == w] for w in (1, 0))
    return torch.optim.AdamW(
        [{"params": weights}, {"params": biases, "weight_decay": 0.0}], 1e-2, weight_decay=0.1
    )

def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))

def plain(steps):
    model = net()
    optimizer = optimizer_of(model)
    with track.Doses(model, every=2, held=(rows, labels)) as doses:
        for step in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(rows), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return doses.run

def compare(run, other):
    told = {"steps": run.steps.tolist(), "names": run.names[0], "about": run.about["optimizer"]}
    told["far"] = max(float(abs(run.values[n] - other.values[n]).max()) for n in run.values)
    told["held"] = float(abs(run.held["agreement"] - other.held["agreement"]).max())
    told["noise"] = [*map(float, run.held["noise_scale"])]
    told["hooks"] = len(_global_optimizer_pre_hooks)
    print(json.dumps(told))
"""

LIGHTNING = """
import lightning.pytorch as pl
import logging
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = net()
    def training_step(self, batch, number):
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])
    def forward(self, x):
        return self.net(x)
    def configure_optimizers(self):
        return optimizer_of(self)

def fit(steps, module, checkpoint=None):
    callback = track.LightningDoses(
        every=2, held=(rows, labels), path=f"{folder}/run.doses"
    )
    trainer = pl.Trainer(
        max_steps=steps, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_model_summary=False, gradient_clip_val=1.0, callbacks=[callback],
        enable_checkpointing=False, default_root_dir=folder,
    )
    loader = DataLoader(TensorDataset(rows, labels), 48)
    trainer.fit(module, loader, ckpt_path=checkpoint)
    return trainer, callback

trainer, callback = fit(6, Module())
trainer.save_checkpoint(f"{folder}/at6.ckpt")
trainer, callback = fit(10, Module(), f"{folder}/at6.ckpt")
run = callback.doses.run
compare(run, plain(10))
"""

TRANSFORMERS = """
from transformers import Trainer, TrainingArguments, PretrainedConfig, PreTrainedModel
from transformers.utils import logging
logging.set_verbosity_error()

class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net()
    def forward(self, x, labels=None):
        found = self.net(x)
        if labels is None:
            return {"logits": found}
        return {"loss": nn.functional.cross_entropy(found, labels), "logits": found}

class Rows(Dataset):
    def __len__(self):
        return 48
    def __getitem__(self, i):
        return {"x": rows[i], "labels": labels[i]}

class InOrder(Trainer):
    def get_train_dataloader(self):
        return DataLoader(self.train_dataset, 48)

held = track.Held(rows, labels, output=lambda found: found["logits"])

def fit(steps, resume=None):
    callback = track.TrainerDoses(every=2, held=held, path=f"{folder}/run.doses")
    arguments = TrainingArguments(
        folder, max_steps=steps, learning_rate=1e-2, weight_decay=0.1, max_grad_norm=1.0,
        lr_scheduler_type="constant", save_steps=6, report_to=[], use_cpu=True,
        per_device_train_batch_size=48, disable_tqdm=True, logging_steps=1000, optim="adamw_torch",
    )
    trainer = InOrder(Own(), arguments, train_dataset=Rows(), callbacks=[callback])
    trainer.train(resume_from_checkpoint=resume)
    return callback

import io, contextlib
with contextlib.redirect_stdout(io.StringIO()):
    fit(6)
    run = fit(10, f"{folder}/checkpoint-6").doses.run
compare(run, plain(10))
"""


@pytest.mark.parametrize(
    ("package", "code", "first"),
    [("lightning", LIGHTNING, "net.0[0]"), ("transformers", TRANSFORMERS, "net.0[0]")],
)
def test_a_callback_records_what_a_plain_loop_records(package, code, first, tmp_path):
    """Clipped, with a held batch, and gone on with from a checkpoint after six of ten steps."""
    if not importlib.util.find_spec(package):
        pytest.skip(f"{package} is not installed: pip install 'gradbook[{package}]'")
    ran = subprocess.run(
        [sys.executable, "-c", COMMON + code, tmp_path], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["steps"] == [0, 2, 4, 6, 8] and told["names"] == first
    assert told["about"] == "AdamW" and told["hooks"] == 0
    assert told["far"] < 1e-6 and told["held"] < 1e-5
    assert all(0 < scale < 1000 for scale in told["noise"])


@pytest.mark.parametrize(
    ("package", "name"), [("lightning", "Lightning"), ("transformers", "Trainer")]
)
def test_without_its_package_a_callback_says_what_to_install(package, name):
    code = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from gradbook import track\n"
        f"try:\n    track.{name}Doses()\n"
        "except ImportError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"pip install {package}" in ran.stdout, ran.stderr
