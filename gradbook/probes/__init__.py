"""What is measured on a network, one idea a file. Every probe leaves the network as it was."""

from gradbook.probes.dose import dose, example_doses
from gradbook.probes.gram import (
    gram_noise_scale,
    gram_products,
    product_cosines,
    product_ratio,
)
from gradbook.probes.groups import Dose, Groups
from gradbook.probes.landscape import GradientLandscape, gradient_landscape
from gradbook.probes.layers import LayerPass, layer_passes
from gradbook.probes.loss_landscape import loss_landscape
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
from gradbook.probes.per_example import example_gradients, example_gram, example_norms
from gradbook.probes.roughness import neighbour_angle, noise_by_source, unpredictability
from gradbook.probes.spread import (
    agreement_with_rest,
    coherence,
    confusion,
    diversity,
    example_cosines,
    generalization_ratio,
    mean_signal_to_noise,
    noise_tests,
    predicted_generalization,
    signal_to_noise,
    stiffness,
)
from gradbook.probes.steps import output_gradients, step_changes
from gradbook.probes.tangent import tangent_features
from gradbook.probes.units import unit_group, unit_groups
from gradbook.probes.weights import weight_landscape

__all__ = [
    "Dose",
    "GradientLandscape",
    "Groups",
    "LayerPass",
    "agreement_with_rest",
    "coherence",
    "confusion",
    "diversity",
    "dose",
    "drop_roundoff",
    "example_cosines",
    "example_doses",
    "example_gradients",
    "example_gram",
    "example_norms",
    "generalization_ratio",
    "gradient_landscape",
    "gram_noise_scale",
    "gram_products",
    "layer_passes",
    "loss_landscape",
    "mean_cosine",
    "mean_signal_to_noise",
    "minibatch_gradients",
    "minibatch_means",
    "neighbour_angle",
    "noise_by_source",
    "noise_scale",
    "noise_tests",
    "opposed_share",
    "output_gradients",
    "pairwise_cosines",
    "per_example_gradients",
    "predicted_cosine",
    "predicted_generalization",
    "product_cosines",
    "product_ratio",
    "relative_error",
    "responsive_units",
    "sample_minibatches",
    "signal_to_noise",
    "step_changes",
    "stiffness",
    "tangent_features",
    "unit_group",
    "unit_groups",
    "unpredictability",
    "weight_landscape",
]
