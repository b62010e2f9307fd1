"""What several chapters draw with: measured arrays in, Matplotlib axes out. No torch."""

from gradbook.figures.claims import claims_table
from gradbook.figures.general import plot_bands, plot_field, plot_fields, plot_intervals
from gradbook.figures.ledger import ledger
from gradbook.figures.numbered import show, table
from gradbook.figures.style import BLUE, STYLE, VERMILION, as_svg

__all__ = [
    "BLUE",
    "STYLE",
    "VERMILION",
    "as_svg",
    "claims_table",
    "ledger",
    "plot_bands",
    "plot_field",
    "plot_fields",
    "plot_intervals",
    "show",
    "table",
]
