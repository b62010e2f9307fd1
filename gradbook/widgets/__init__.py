"""What the reader turns: widgets are given measured arrays and load no torch."""

from gradbook.widgets.explorer import Explorer
from gradbook.widgets.garden import Garden, garden_explorer
from gradbook.widgets.minibatch import explorer_of, minibatch_explorer

__all__ = ["Explorer", "Garden", "explorer_of", "garden_explorer", "minibatch_explorer"]
