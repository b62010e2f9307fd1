"""What the reader turns: widgets are given measured arrays and load no torch."""

from gradbook.widgets.explorer import Explorer
from gradbook.widgets.minibatch import explorer_of, minibatch_explorer

__all__ = ["Explorer", "explorer_of", "minibatch_explorer"]
