"""What a reader waits for in a page's labs: the first step after the press, and the longest task.

With a worker, as browsers allow it, and on the page's own thread, where they forbid it.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from ipywidgets.embed import dependency_state
from playwright.sync_api import Browser, Page

from gradbook.chapters import dosage, generalization, minibatch, starvation
from gradbook.evidence import atlas
from gradbook.widgets.lab import Lab

HOST = Path(__file__).resolve().parents[1] / "book/_static/host/widgets.js"
RUNS = 3
LABS: dict[str, Callable[[], Lab]] = {
    "garden": lambda: dosage.GardenLab(atlas.load("diets")),
    "two moons": lambda: starvation.MoonsLab(atlas.load("boundary")),
    "small network, landscapes": lambda: minibatch.MinibatchLab(atlas.load("explorer")),
    "examples": lambda: generalization.ExamplesLab(atlas.load("spectrum")),
    "three features": lambda: starvation.ThreeFeaturesLab(atlas.load("delay")),
}
WAYS = {
    "a worker": "",
    "the page": "<script>Worker = class { constructor() { throw new Error('forbidden'); } };"
    "</script>",
}
HEAD = (
    "| lab | trained by | first step, ms | played again, ms | longest task, ms | "
    "of the processor, ms |"
)
PRESS = """async () => {
  const root = document.querySelector(".gradbook-lab");
  const before = root.dataset.done;
  const start = performance.now();
  let first = 0;
  root.querySelector("[data-action=play]").click();
  return await new Promise((done) => {
    new MutationObserver(() => {
      const { done: now, running } = root.dataset;
      if (!first && +now > 0 && now !== before) first = performance.now() - start;
      if (first && running === "false") done(first);
    }).observe(root, { attributes: true });
  });
}"""


def page_of(lab: Lab, head: str) -> str:
    """A page that holds one lab."""
    state = json.dumps({"state": dependency_state([lab], drop_defaults=False)})
    return (
        f'<!DOCTYPE html><meta charset="utf-8">{head}<body><main>'
        '<script type="application/vnd.jupyter.widget-state+json">'
        f"{state.replace('</', '<' + chr(92) + '/')}</script>"
        '<script type="application/vnd.jupyter.widget-view+json">'
        f'{{"model_id": "{lab.model_id}"}}</script><script src="{HOST.as_uri()}"></script>'
    )


def longest_task(trace: bytes) -> tuple[float, float]:
    """Milliseconds of the longest task of a page's main thread: by the clock, and of the processor.

    Where other programs want the processor too, only the second says what the page does.
    """
    events = json.loads(trace)["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        (event["dur"] / 1e3, min(event["dur"], event["tdur"]) / 1e3)
        for event in events
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in main
        if "tdur" in event
    ]
    return max(clock for clock, _ in tasks), max(own for _, own in tasks)


def pressed(browser: Browser, page: Page) -> tuple[float, ...]:
    """Milliseconds to the first step at the first press and the next; those of the longest task."""
    page.wait_for_function("document.querySelector('.gradbook-lab')?.record?.step === 0")
    page.wait_for_timeout(500)
    browser.start_tracing(page=page, categories=["toplevel"])
    first, again = page.evaluate(PRESS), page.evaluate(PRESS)
    return first, again, *longest_task(browser.stop_tracing())


def rows(browser: Browser) -> list[str]:
    """A line of the table for each lab and way: medians of several runs."""
    lines = [HEAD, "| --- | --- | --: | --: | --: | --: |"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        for name, make in LABS.items():
            lab = make()
            for way, head in WAYS.items():
                path.write_text(page_of(lab, head), encoding="utf-8")
                found = []
                for _ in range(RUNS):
                    page = browser.new_page()
                    page.goto(path.as_uri())
                    found.append(pressed(browser, page))
                    page.close()
                middle = (f"{statistics.median(each):.0f}" for each in zip(*found, strict=True))
                lines.append(f"| {name} | {way} | {' | '.join(middle)} |")
    return lines
