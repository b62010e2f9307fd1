"""Dropout against batch norm: what each does to the gradient landscape."""

import lazy_loader as lazy

ORDER = 5
NOTEBOOK = "dropout_vs_batchnorm"

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "card": ["card"],
        "closed_forms": ["deep_linear_change", "masks_share", "normalized"],
        "curves": ["DropoutCurves", "idle_bias_explorer", "many_masks_explorer"],
        "effects": [
            "FIELDS",
            "MASKS",
            "angle_at_the_start",
            "angle_in_training",
            "angle_over_dropout",
            "angle_over_plain",
            "angles",
            "drift",
            "drift_if_shrunk",
            "dropout_angle_over_plain",
            "error_over_dropout",
            "error_over_none",
            "error_taken_off",
            "instability_ratio",
            "noise_parts",
            "of_view",
            "opposed_beyond_plain",
            "opposed_by_dropout",
            "unpredictability",
            "unpredicted",
            "unpredicted_if_centred",
        ],
        "explorer": ["comparison_explorer"],
        "figures": [
            "plot_normalization",
            "plot_pair",
            "plot_replacements",
            "plot_stability",
            "plot_step_sizes",
            "plot_tuning",
            "plot_unpredicted",
            "step_size_slide",
        ],
        "masks": ["Masks", "masks_explorer"],
        "rounding": ["Rounding", "power_of_ten", "rounding_explorer"],
        "steps": ["predicted_changes"],
    },
)
