"""Explorers of made-up landscapes, pages that show them, and what a reader sees there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ipywidgets.embed import dependency_state

from gradbook.chapters.minibatch.experiments import explorer
from gradbook.evidence.atlas import Atlas

HOST = Path(__file__).parents[1] / "book/_static/host/widgets.js"
EPOCHS = (0, 1, 2, 5, 10)
REGULARIZERS = {name: (name,) for name in ("none", "dropout", "batch norm")}
SETTINGS = explorer.CONFIG["views"]
"""The views of the experiment `explorer`: network, parameters, mode."""


def landscapes(
    facets: Sequence[str] = ("Regularizer",),
    views: dict[str, tuple[str, ...]] = REGULARIZERS,
    minibatches: int = 50,
    points: int = 11,
) -> dict[str, Any]:
    """What `Explorer` takes; landscapes differ at every index, some of the last view's are zero.

    Args:
        facets: Their titles.
        views: A view's label to its values in the facets.
        minibatches: M.
        points: G.
    """
    V, E, L, M, G = len(views), len(EPOCHS), 2, minibatches, points
    rng = np.random.default_rng(0)
    noise = np.array([0.1, 1.0, 3.0, 0.3, 8.0])[:, None, None, None]
    centre = rng.normal(size=(V, 1, L, 1, 2)) + noise * rng.normal(size=(V, E, L, M, 2))
    centre[-1, :, 0, ::5] = 0
    slope = rng.normal(size=(V, E, L, M, 2, 2)) * np.abs(centre).mean(-1)[..., None, None]
    offsets = np.linspace(-0.05, 0.05, G)
    grid = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), -1)
    landscape = centre[..., None, None, :] + 20 * np.einsum("velmij,xyj->velmxyi", slope, grid)
    scale = np.abs(landscape).max((-3, -2, -1))
    unit = np.where(scale > 0, scale, 1)[..., None, None, None]
    return {
        "meta": {
            "facets": list(facets),
            "views": [
                {
                    "name": label,
                    "label": label,
                    "note": f"How {label} was differentiated.",
                    "facets": list(values),
                }
                for label, values in views.items()
            ],
            "epochs": list(EPOCHS),
            "layers": [{"label": "second hidden layer"}, {"label": "third hidden layer"}],
            "parameters": [[["b₁", "b₂"]] * L] * (V - 1) + [[["β₁", "β₂"]] * L],
            "offsets": offsets.round(6).tolist(),
            "batch_size": 64,
            "minibatches": M,
            "test_loss": rng.uniform(1, 900, (V, E)).tolist(),
            "test_r2": rng.uniform(0, 1, (V, E)).tolist(),
            "loss_label": "test L1",
            "remark": "",
        },
        "field": np.rint(127 * landscape / unit).astype(np.int8),
        "scale": scale.astype(np.float32),
        "centre": centre.astype(np.float32),
    }


def results(points: int = 3) -> Atlas:
    """The experiment `explorer` with made-up landscapes, as the chapters' explorers take it."""
    data = landscapes(views=dict.fromkeys(SETTINGS, ()), points=points)
    V, E, L = data["scale"].shape[:3]
    arrays = {name: data[name] for name in ("field", "scale", "centre")} | {
        "units": np.arange(V * L * 2).reshape(V, L, 2),
        "test_loss": np.array(data["meta"]["test_loss"], dtype=np.float32),
        "test_r2": np.array(data["meta"]["test_r2"], dtype=np.float32),
        "offsets": np.tile(np.float32(data["meta"]["offsets"]), (V, 1)),
    }
    rates = {"none": 1e-4, "dropout": 2e-4, "batch norm": 1e-2, "batch norm after ReLU": 2e-2}
    config = {
        "views": SETTINGS,
        "learning_rates": rates,
        "layers": [2, 3],
        "batch_size": 64,
        "epochs": E - 1,
    }
    return Atlas("explorer", arrays, config, list(SETTINGS), versions={}, fingerprint="")


def write_page(folder: Path, *widgets, html: str = "", head: str = "", body: str = "") -> Path:
    """A page as myst-nb writes it: one state, a view for each widget, the host."""
    state = {"state": dependency_state(widgets, drop_defaults=False), "version_major": 2}
    views = "\n".join(
        f'<div class="cell_output"><script type="application/vnd.jupyter.widget-view+json">'
        f'{{"model_id": "{widget.model_id}", "version_major": 2}}</script></div>'
        for widget in widgets
    )
    text = json.dumps(state).replace("</script>", r"<\/script>")
    host = f'<script src="{HOST.as_uri()}"></script>'
    page = folder / "page.html"
    page.write_text(
        f"""<!DOCTYPE html><html lang="en" {html}><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script type="application/vnd.jupyter.widget-state+json">{text}</script>
{host}{head}</head><body {body}><main>{views}</main></body></html>""",
        encoding="utf-8",
    )
    return page


def turn(page, **state: int):
    """Set controls as a reader would."""
    for name, value in state.items():
        control = page.locator(f'[data-control="{name}"]').first
        if name in ("regularizer", "layer"):
            control.locator("label").nth(value).click()
        else:
            control.locator("input").fill(str(value))


def heard(page) -> tuple[str, str]:
    """What the explorer says after a change, and all that it says when asked for the rest."""
    page.wait_for_function("document.querySelector('.spoken').textContent")
    first = page.locator(".spoken").text_content()
    page.locator(".speech .rest").focus()
    page.keyboard.press("Enter")
    return first, page.locator(".spoken").text_content()


def shown(page) -> tuple[dict, dict]:
    """What is drawn and what is written, by side."""
    pictures, numbers = page.evaluate(
        """() => {
          const all = (selector) => [...document.querySelectorAll(selector)];
          return [
            Object.fromEntries(all("[data-picture]").map((svg) => [
              svg.dataset.picture + " " + svg.dataset.side,
              [...svg.querySelectorAll("path")].map((p) => p.getAttribute("d")).join()])),
            Object.fromEntries(all("[data-number]").map((cell) => [
              cell.dataset.number + " " + cell.dataset.side,
              [Number(cell.dataset.value), cell.textContent]])),
          ];
        }"""
    )
    return pictures, numbers


def expected(atlas, view, epoch, layer, minibatch) -> dict[str, float]:
    """The numbers, the plain way, in float64."""
    g = atlas["centre"][view, epoch, layer].astype(np.float64)
    norms = np.linalg.norm(g, axis=1)
    live = g[norms > 0] / norms[norms > 0, None]
    cosines = (live @ live.T)[np.triu_indices(len(live), 1)]
    mean = g.mean(0)
    own = g[minibatch] @ mean / np.linalg.norm(mean)
    return {
        "mean-cosine": cosines.mean(),
        "opposed-pairs": (cosines < 0).mean(),
        "against-mean": (g @ mean < 0).sum(),
        "zero": (norms == 0).sum(),
        "norm": norms[minibatch],
        "cosine-with-mean": own / norms[minibatch] if norms[minibatch] > 0 else np.nan,
        "test-loss": atlas["meta"]["test_loss"][view][epoch],
        "test-r2": atlas["meta"]["test_r2"][view][epoch],
    }


STAND_IN = """
  const text = document.querySelector("script[type$='widget-state+json']").textContent;
  const { state, buffers } = Object.values(JSON.parse(text).state)
    .find((record) => record.state._esm);
  for (const { path, data } of buffers) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    state[path[0]] = new DataView(bytes.buffer);
  }
  const listeners = [];
  let sets = 0;
  const model = {
    get: (name) => state[name],
    set(name, value) {
      sets += 1;
      state[name] = value;
      for (const [event, call] of [...listeners]) if (event === `change:${name}`) call();
    },
    save_changes() {},
    on: (event, call) => listeners.push([event, call]),
    off(event, call) {
      listeners.splice(listeners.findIndex(([e, c]) => e === event && c === call), 1);
    },
  };
  const url = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
  const el = document.createElement("div");
  document.body.append(el);
  const undo = (await import(url)).default.render({ model, el });
"""
"""JavaScript that renders the page's explorer once more, on a model that a test holds."""
