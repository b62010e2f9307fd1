"""Keys pressed in a panel of ipywidgets stay in the panel."""

from __future__ import annotations

import anywidget

from gradbook.widgets.controls import with_controls

PANEL = "gradbook-panel"
"""The class of a panel whose keys are kept."""


class Keys(anywidget.AnyWidget):
    """An unseen part of a panel, without which JupyterLab takes its keys for its own shortcuts.

    The panel, a box of ipywidgets, holds it as a child and bears the class `PANEL`.
    """

    _esm = with_controls("keys.js")
