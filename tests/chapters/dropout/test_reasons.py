"""Two reasons that were given as likely, tried."""

import numpy as np

from gradbook.chapters.dropout import effects
from gradbook.chapters.dropout.experiments import depth, reasons
from gradbook.evidence import atlas


def test_with_targets_as_they_are_it_is_the_depth_experiment():
    results, before = atlas.load("reasons"), atlas.load("depth")
    layers = [before.config["layers"].index(n) for n in results.config["layers"]]
    scale = before.config["scales"].index(1.0)
    expected = before["unpredicted"][:, layers, 0, scale]
    np.testing.assert_allclose(results["unpredicted"][:, 0], expected, rtol=1e-4)
    assert list(results.jobs) == list(depth.JOBS)


def test_effects_are_changed_over_unchanged():
    arrays = {
        "unpredicted": np.array([[[0.1, 0.2], [0.3, 0.1]]]),
        "drift": np.array([[[1.0, 1.0, 4.0], [1.0, 1.0, 1.0]]]),
    }
    results = atlas.Atlas("reasons", arrays, {"layers": [2, 4]}, [0], {}, "")
    np.testing.assert_allclose(effects.unpredicted_if_centred(results, 2), [3])
    np.testing.assert_allclose(effects.drift_if_shrunk(results, 3), [0.25])
    assert reasons.CONFIG["targets"] == ["as they are", "changed"]
