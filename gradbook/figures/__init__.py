"""What the book draws: measured arrays in, Matplotlib axes out. No torch."""

from gradbook.figures.agreement import (
    plot_agreement,
    plot_batch_sizes,
    plot_learning,
    predicted_agreement,
)
from gradbook.figures.claims import claims_table
from gradbook.figures.coherence import (
    plot_coherence,
    plot_foresight,
    plot_strength_doses,
    plot_strengths,
    plot_tenths,
)
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
from gradbook.figures.generalization import (
    plot_dose_by_count,
    plot_doses,
    plot_early_dose,
    plot_forgetting,
    plot_fresh,
    plot_lag,
    plot_one_step,
    predicted_fresh,
    predicted_lateness,
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
    "plot_coherence",
    "plot_competition",
    "plot_diets",
    "plot_dose_by_count",
    "plot_doses",
    "plot_drift",
    "plot_early_dose",
    "plot_field",
    "plot_fields",
    "plot_foresight",
    "plot_forgetting",
    "plot_fresh",
    "plot_intervals",
    "plot_lag",
    "plot_learning",
    "plot_map",
    "plot_normalization",
    "plot_one_step",
    "plot_pair",
    "plot_predicted_measured",
    "plot_shaping",
    "plot_starved",
    "plot_step_sizes",
    "plot_strength_doses",
    "plot_strengths",
    "plot_survival",
    "plot_tenths",
    "plot_tuning",
    "plot_unpredicted",
    "predicted_agreement",
    "predicted_fresh",
    "predicted_lateness",
    "predicted_shaping",
    "predicted_starving",
]
