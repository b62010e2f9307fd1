"""The page's engine in browsers against PyTorch on the same jobs, in one run.

Each browser trains in a worker, as the page does. PyTorch trains by autograd and `torch.optim` on
one thread; the garden is NumPy's, as `gradbook.training.gardens` grows it, and its minibatches are
drawn before. Medians of several runs, the first left out.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import sync_playwright
from torch import nn
from torch.nn import functional

from benchmarks import pressed
from benchmarks.marionette import Firefox
from benchmarks.timing import keep, machine
from gradbook import models, probes, tasks
from gradbook.chapters import dosage, starvation
from gradbook.training import diets, gardens
from gradbook.widgets.lab import ENGINE

REPEATS = 5
FREQUENCIES = [0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32]
OFFSETS = [round(0.02 * i, 2) for i in range(-5, 6)]
PLAIN = {"regularizer": "none", "strength": 0, "optimizer": "momentum", "rate": 0.01}
MOONS = {"subject": "moons", "seed": 0, "fixed": {"margin": 0.1, "width": 500}, "steps": 1000}
SMALL = {
    "subject": "characters",
    "seed": 0,
    "fixed": {"rule": "10*d", "regularizer": "none", "batch_size": 64, "loss": "l1"},
    "steps": 32,
}
COURSE = """(() => {{ const c = new gradbookLab.Course({job});
  return () => {{ const t = performance.now(); c.burst(1e9);
    return performance.now() - t; }}; }})()"""
GARDEN = """(() => {{ const k = gradbookLab.workspace("float64");
  const counts = k.reals({shares}.length); counts.set({shares});
  const w = k.reals(16); w.fill(0.3);
  return () => {{ const t = performance.now(); // a browser's clock goes by tenths or by whole ones
    for (let i = 0; i < 100; i++) k.garden(w, 2, 8, counts, null, null, 2000, 1, 0.02, 0);
    return (performance.now() - t) / 100; }}; }})()"""
LANDSCAPE = """(() => {{ const c = new gradbookLab.Course({job}); c.burst(1e9);
  const one = new gradbookLab.Landscape(c.subject, {options});
  return () => {{ const t = performance.now(); gradbookLab.whole(one.look(c.subject));
    return performance.now() - t; }}; }})()"""
IN_WORKER = """async (code) => {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  try {
    return await new Promise((done, fail) => {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = ({ message }) => fail(new Error(message));
    });
  } finally { worker.terminate(); }
}"""


def trained(kind: str, job: dict[str, Any], *, wasm: bool = True) -> str:
    """JavaScript that gives what trains a job once and says the milliseconds."""
    rate = PLAIN if job is MOONS else {"rate": 5e-3}
    whole = job | {"kind": kind, "log": [[0, rate]], "every": job["steps"], "wasm": wasm}
    return COURSE.format(job=json.dumps(whole))


def shares() -> np.ndarray:
    """2,000 minibatches of 64 [2000, 8]."""
    batches = dosage.examples.sampled(dosage.examples.population(FREQUENCIES), 64, 0)
    return np.stack([next(batches)[2] for _ in range(2000)])


def brief(milliseconds: float) -> str:
    """Three digits, or all before the point."""
    return f"{milliseconds:,.0f}" if milliseconds >= 99.95 else f"{milliseconds:.3g}"


def timed(code: str) -> str:
    """A worker's script: milliseconds of each run, on a fresh training each."""
    runs = f"postMessage(Array.from({{ length: {REPEATS + 1} }}, () => ({code})()))"
    return ENGINE.read_text("utf-8") + runs


def in_page(page: Any, code: str) -> float:
    """Median milliseconds in a worker of a Chromium page."""
    return statistics.median(page.evaluate(IN_WORKER, timed(code))[1:])


def in_python(run: Callable[[], Callable[[], None]]) -> float:
    """Median milliseconds of what `run` prepares."""
    times = []
    for _ in range(REPEATS + 1):
        work = run()
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def moons_by_autograd(dtype: torch.dtype) -> Callable[[], None]:
    """The paper's plain net by autograd and `torch.optim.SGD`, all examples at every step."""
    inputs, labels = (torch.from_numpy(part).to(dtype) for part in starvation.moons.moons(0))
    net = models.mlp(2, (500,), one_hot=False, seed=0).to(dtype)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)

    def work() -> None:
        for _ in range(1000):
            optimizer.zero_grad()
            functional.softplus(-net(inputs)[:, 0] * labels).mean().backward()
            optimizer.step()

    return work


def small_by_autograd(dtype: torch.dtype) -> Callable[[], None]:
    """One epoch of the small network by autograd, clipping and `torch.optim.Adam`."""
    task = tasks.character_regression(train=2000, test=500)
    targets = task.train_targets.to(dtype)
    net = models.mlp(660, models.SMALL_WIDTHS, seed=0).to(dtype)
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    order = torch.randperm(2000, generator=torch.Generator().manual_seed(1))

    def work() -> None:
        for rows in order.split(64):
            optimizer.zero_grad()
            functional.l1_loss(net(task.train_inputs[rows]), targets[rows]).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.3)
            optimizer.step()

    return work


def garden_in_numpy() -> Callable[[], None]:
    inputs, targets, _ = dosage.examples.population(FREQUENCIES)
    drawn, start = shares(), gardens.Recognizers(8)
    decay = diets.Diet(weight_decay=0.02)
    return lambda: gardens.grow(
        start,
        ((inputs, targets, row) for row in drawn),
        lambda _: {},
        diet=decay,
        steps=2000,
        learning_rate=1.0,
        every=2000,
    )


def landscape_by_probe() -> Callable[[], None]:
    task = tasks.character_regression(train=2000, test=500)
    net = models.mlp(660, models.SMALL_WIDTHS, seed=0).double()
    rows = probes.sample_minibatches(2000, 64, 50, 0)
    at = net, task.train_inputs, task.train_targets.double(), rows
    offsets = torch.tensor(OFFSETS, dtype=torch.float64)
    return lambda: probes.gradient_landscape(*at, "linear2.bias", offsets=offsets)


def jobs() -> dict[str, tuple[str, Callable[[], Callable[[], None]]]]:
    """Name of a job to the page's code and Python's."""
    options = json.dumps({"layers": [1], "offsets": OFFSETS, "units": [[0, 1]]})
    job = json.dumps(SMALL | {"log": [[0, {"rate": 5e-3}]], "every": 32})
    kinds = {"float32": torch.float32, "float64": torch.float64}
    found = {}
    for kind, dtype in kinds.items():
        found[f"moons 2→500→1, 1,000 steps, {kind}"] = (
            trained(kind, MOONS),
            lambda dtype=dtype: moons_by_autograd(dtype),
        )
        found[f"small network, 32 steps, {kind}"] = (
            trained(kind, SMALL),
            lambda dtype=dtype: small_by_autograd(dtype),
        )
    counts = json.dumps(shares().ravel().tolist())
    return found | {
        "garden, 2,000 steps": (GARDEN.format(shares=counts), garden_in_numpy),
        "landscape, 50 minibatches at 11 × 11": (
            LANDSCAPE.format(job=job, options=options),
            landscape_by_probe,
        ),
    }


@contextmanager
def firefox() -> Iterator[Firefox]:
    """A Firefox on an empty page from disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text('<!DOCTYPE html><meta charset="utf-8">', encoding="utf-8")
        started = Firefox(Path(folder) / "profile")
        try:
            started.open(path.as_uri())
            yield started
        finally:
            started.close()


def in_firefox(started: Firefox, code: str) -> float:
    """Median milliseconds in a worker of its page."""
    script = f"return await ({IN_WORKER})({json.dumps(timed(code))})"
    return statistics.median(started.evaluate(script)[1:])


def main() -> None:
    torch.set_num_threads(1)
    facts = machine()
    lines = [
        "| job | PyTorch or NumPy, ms | Chromium, ms | Firefox, ms | times as fast, each | "
        "JavaScript alone, ms |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    with sync_playwright() as playwright, firefox() as other:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page()
        for name, (code, python) in jobs().items():
            times = in_python(python), in_page(page, code), in_firefox(other, code)
            plain = code.replace('"wasm": true', '"wasm": false')
            alone = brief(in_page(page, plain)) if plain != code else ""
            ratios = ", ".join(brief(times[0] / time) for time in times[1:])
            lines.append(f"| {name} | {' | '.join(map(brief, times))} | {ratios} | {alone} |")
        page.close()
        waits = pressed.rows(browser)
        versions = (
            browser.version,
            other.evaluate("return /Firefox.(.*)/.exec(navigator.userAgent)[1]"),
        )
        browser.close()
    text = (
        f"# The lab's speed\n\nMade by `python -m benchmarks lab`. {facts}; one thread; "
        f"Chromium {versions[0]}, Firefox {versions[1]}. Medians of {REPEATS} runs.\n\n"
        + "\n".join(lines)
        + "\n\nWhat a reader waits for in Chromium, from the press to the first step that the page "
        "shows, and the longest task of the page's own thread meanwhile. Medians of "
        f"{pressed.RUNS} runs.\n\n" + "\n".join(waits) + "\n"
    )
    keep("lab", text)
    print(text)


if __name__ == "__main__":
    main()
