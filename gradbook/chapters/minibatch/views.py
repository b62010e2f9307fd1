"""Ways to look at a regularized network: which network, which of its parameters, in which mode."""

from __future__ import annotations

MODES = {
    "evaluation": ("eval", "common"),
    "training": ("train", "common"),
    "one mask": ("train", "common"),
    "fresh masks": ("train", "fresh"),
}
"""A view's mode to the network's mode, and to dropout's masks over the grid of a landscape.

``"one mask"`` and ``"fresh masks"`` are training mode with dropout: a minibatch keeps its masks
over the whole grid, or draws new ones at every point.
"""

OWNERS = {"bias": "linear", "shift": "norm", "weights": "linear"}
"""A view's parameters to the modules that own them; a shift is batch norm's β."""
