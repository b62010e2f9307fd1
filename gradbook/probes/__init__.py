"""What is measured on a network, one idea a file. Every probe leaves the network as it was."""

from gradbook.probes.dose import Dose, Groups, dose, example_doses, unit_group, unit_groups
from gradbook.probes.gram import (
    gram,
    gram_noise_scale,
    gram_products,
    product_cosines,
    product_ratio,
)
from gradbook.probes.landscape import GradientLandscape, gradient_landscape
from gradbook.probes.layers import LayerPass, layer_passes, weight_landscape
from gradbook.probes.minibatch import (
    drop_roundoff,
    mean_cosine,
    minibatch_gradients,
    minibatch_means,
    noise_scale,
    opposed_share,
    pairwise_cosines,
    per_example_gradients,
    predicted_cosine,
    relative_error,
    responsive_units,
    sample_minibatches,
)
from gradbook.probes.roughness import neighbour_angle, noise_by_source, unpredictability
from gradbook.probes.steps import output_gradients, predicted_changes, step_changes
from gradbook.probes.tangent import tangent_features

__all__ = [
    "Dose",
    "GradientLandscape",
    "Groups",
    "LayerPass",
    "dose",
    "drop_roundoff",
    "example_doses",
    "gradient_landscape",
    "gram",
    "gram_noise_scale",
    "gram_products",
    "layer_passes",
    "mean_cosine",
    "minibatch_gradients",
    "minibatch_means",
    "neighbour_angle",
    "noise_by_source",
    "noise_scale",
    "opposed_share",
    "output_gradients",
    "pairwise_cosines",
    "per_example_gradients",
    "predicted_changes",
    "predicted_cosine",
    "product_cosines",
    "product_ratio",
    "relative_error",
    "responsive_units",
    "sample_minibatches",
    "step_changes",
    "tangent_features",
    "unit_group",
    "unit_groups",
    "unpredictability",
    "weight_landscape",
]
