"""What the reader turns: widgets are given measured arrays and load no torch."""

from gradbook.widgets.explorer import Explorer
from gradbook.widgets.minibatch import explorer_of, minibatch_explorer
from gradbook.widgets.slides import Slides

__all__ = ["Explorer", "Slides", "explorer_of", "minibatch_explorer"]
