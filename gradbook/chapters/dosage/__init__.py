"""Gradient dosage: what feeds a recognizer, and what starves it."""

import lazy_loader as lazy

ORDER = 1
NOTEBOOK = "gradient_dosage"

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["examples"],
    submod_attrs={
        "card": ["card"],
        "closed_forms": [
            "debt",
            "half_life",
            "longest_neglect",
            "rate_left",
            "shaped",
            "sharing",
            "starved",
            "survivor",
            "under_diet",
        ],
        "curves": [
            "DosageCurves",
            "diets_explorer",
            "percent",
            "starved_explorer",
            "survival_explorer",
        ],
        "effects": [
            "accuracy_lost",
            "cosine_after_the_cut",
            "cosine_by_optimizer",
            "diet_number",
            "dose_over_decay",
            "head_start_left",
            "head_start_left_at_the_end",
            "second_cosine",
            "share_shaped",
            "threshold",
        ],
        "experiments.competition": ["FEATURES", "LABELS", "shares"],
        "explorer": ["Garden", "garden_explorer"],
        "figures": [
            "plot_competition",
            "plot_diets",
            "plot_map",
            "plot_shaping",
            "plot_starved",
            "plot_survival",
            "predicted_shaping",
            "predicted_starving",
        ],
        "growing": ["GrowingGarden", "grow", "sentence"],
        "growth": ["balance"],
        "lab": ["GardenLab"],
        "live": ["GardenPanel"],
    },
)
