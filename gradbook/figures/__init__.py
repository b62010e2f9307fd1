"""What the book draws: measured arrays in, Matplotlib axes out. No torch."""

from gradbook.figures.agreement import (
    plot_agreement,
    plot_batch_sizes,
    plot_learning,
    predicted_agreement,
)
from gradbook.figures.claims import claims_table
from gradbook.figures.dosage import (
    plot_competition,
    plot_diets,
    plot_map,
    plot_shaping,
    plot_starved,
    plot_survival,
    predicted_shaping,
    predicted_starving,
)
from gradbook.figures.general import (
    plot_bands,
    plot_drift,
    plot_field,
    plot_fields,
    plot_intervals,
    plot_predicted_measured,
)
from gradbook.figures.moons import plot_cures, plot_decisions, plot_unlearning
from gradbook.figures.nets import (
    plot_normalization,
    plot_pair,
    plot_step_sizes,
    plot_tuning,
    plot_unpredicted,
)
from gradbook.figures.starvation import (
    plot_delay_map,
    plot_delays,
    plot_doses,
    plot_folds,
    plot_rarely_wrong,
    plot_responses,
    predicted_catching_up,
    predicted_delay,
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
    "plot_competition",
    "plot_cures",
    "plot_decisions",
    "plot_delay_map",
    "plot_delays",
    "plot_diets",
    "plot_doses",
    "plot_drift",
    "plot_field",
    "plot_fields",
    "plot_folds",
    "plot_intervals",
    "plot_learning",
    "plot_map",
    "plot_normalization",
    "plot_pair",
    "plot_predicted_measured",
    "plot_rarely_wrong",
    "plot_responses",
    "plot_shaping",
    "plot_starved",
    "plot_step_sizes",
    "plot_survival",
    "plot_tuning",
    "plot_unlearning",
    "plot_unpredicted",
    "predicted_agreement",
    "predicted_catching_up",
    "predicted_delay",
    "predicted_shaping",
    "predicted_starving",
]
