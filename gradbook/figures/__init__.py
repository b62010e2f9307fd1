"""What the book draws: measured arrays in, Matplotlib axes out. No torch."""

from gradbook.figures.agreement import (
    plot_agreement,
    plot_batch_sizes,
    plot_learning,
    predicted_agreement,
)
from gradbook.figures.claims import claims_table
from gradbook.figures.general import (
    plot_bands,
    plot_drift,
    plot_field,
    plot_fields,
    plot_intervals,
    plot_predicted_measured,
)
from gradbook.figures.nets import (
    plot_normalization,
    plot_pair,
    plot_step_sizes,
    plot_tuning,
    plot_unpredicted,
)
from gradbook.figures.style import BLUE, STYLE, VERMILION, as_svg

__all__ = [
    "BLUE",
    "STYLE",
    "VERMILION",
    "as_svg",
    "claims_table",
    "plot_agreement",
    "plot_bands",
    "plot_batch_sizes",
    "plot_drift",
    "plot_field",
    "plot_fields",
    "plot_intervals",
    "plot_learning",
    "plot_normalization",
    "plot_pair",
    "plot_predicted_measured",
    "plot_step_sizes",
    "plot_tuning",
    "plot_unpredicted",
    "predicted_agreement",
]
