"""What the reader turns: widgets are given measured arrays and load no torch."""

from gradbook.widgets.boundary import Boundary, boundary_explorer
from gradbook.widgets.comparison import comparison_explorer
from gradbook.widgets.examples import Examples, examples_explorer
from gradbook.widgets.explorer import Explorer
from gradbook.widgets.garden import Garden, garden_explorer
from gradbook.widgets.landscapes import explorer_of
from gradbook.widgets.minibatch import minibatch_explorer
from gradbook.widgets.slides import Slides

__all__ = [
    "Boundary",
    "Examples",
    "Explorer",
    "Garden",
    "Slides",
    "boundary_explorer",
    "comparison_explorer",
    "examples_explorer",
    "explorer_of",
    "garden_explorer",
    "minibatch_explorer",
]
