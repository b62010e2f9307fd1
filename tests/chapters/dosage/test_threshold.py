"""The threshold experiment: what the chapter says about the time that it was given."""

import numpy as np

from gradbook.chapters.dosage import effects
from gradbook.chapters.dosage.experiments import threshold
from gradbook.evidence.atlas import Atlas


def test_with_four_times_the_steps_a_layer_with_an_output_each_has_the_threshold_of_one():
    """It starts from smaller weights, so that at the threshold the shipped steps are too few."""
    settings = ["a·b", "ReLU, an output each"]
    steps = 4 * threshold.CONFIG["steps"]
    config = threshold.CONFIG | {"settings": settings, "steps": steps}
    pilot = [threshold.measure(seed, config) for seed in (0, 1)]
    arrays = {name: np.stack([one[name] for one in pilot]) for name in pilot[0]}
    results = Atlas("threshold", arrays, config, [0, 1], {}, "")
    alone, layer = (effects.threshold(results, setting) for setting in settings)
    np.testing.assert_array_equal(alone, layer)
