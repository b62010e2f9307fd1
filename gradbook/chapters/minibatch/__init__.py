"""Minibatch sensitivity: how far minibatches agree about the gradient."""

import lazy_loader as lazy

ORDER = 4
NOTEBOOK = "minibatch_sensitivity"

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "arrows": ["Arrows", "fifty_arrows"],
        "card": ["card"],
        "closed_forms": ["mean_agreement", "one_line_agreement", "sampled_range", "vote_agreement"],
        "effects": [
            "agreement_curve",
            "change_by_probing",
            "cosine_at_the_start",
            "cosine_in_all_parameters",
            "difference_over_round_off",
            "distance",
            "level_after_falling",
            "level_when_large",
            "of_loss",
            "of_recipe",
            "opposed_by_recipe",
            "opposed_pairs",
            "r2_at_the_end",
            "start_by_recipe",
            "swing_over_constant",
            "swing_when_large",
        ],
        "coins": ["Coins", "coins_explorer"],
        "curves": ["MinibatchCurves", "batch_explorer", "vote_explorer"],
        "explorer": ["minibatch_explorer", "regularizer_view"],
        "figures": [
            "plot_agreement",
            "plot_batch_sizes",
            "plot_drift",
            "plot_learning",
            "plot_predicted_measured",
            "predicted_agreement",
        ],
        "lab": ["MinibatchLab"],
        "live": ["MinibatchPanel"],
        "views": ["MODES", "OWNERS"],
    },
)
