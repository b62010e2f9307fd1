"""Effects and figures of the cures read and draw the numbers they say they do."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook.chapters.starvation import effects
from gradbook.chapters.starvation.figures import moons
from gradbook.evidence.atlas import Atlas

matplotlib.use("agg")
SEEDS, RECORDS = 3, 5


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def cures():
    config = {
        "cures": [["none", [0]], ["longer", [0, 1000]], ["spectral decoupling", [0.1, 0.5]]],
        "chosen": {"spectral decoupling": 0.5},
        "test_margins": [-0.1, -0.2],
        "digits": {
            "cures": [["none", [0]], ["spectral decoupling", [1.0, 2.0]]],
            "chosen": 2.0,
            "delay": 20,
        },
    }
    generator = np.random.default_rng(0)
    arrays = {
        "misled": generator.random((SEEDS, 5, 2)),
        "fresh": generator.random((SEEDS, 5)),
        "digits_accuracy": generator.random((SEEDS, 7, RECORDS, 3)),
        "digits_step": np.tile(np.arange(RECORDS) * 10, (SEEDS, 1)),
    }
    return Atlas("cures", arrays, config, [1, 2, 3], {}, "")


def test_a_cure_is_found_under_its_name_and_strength(cures):
    found = effects.misled(cures, "spectral decoupling", 0.1)
    np.testing.assert_array_equal(found, cures["misled"][:, 3, 1])
    found = effects.misled(cures, "longer", 0, margin=-0.1)
    np.testing.assert_array_equal(found, cures["misled"][:, 1, 0])
    np.testing.assert_array_equal(
        effects.of_cure(cures, "fresh", "longer", 1000), cures["fresh"][:, 2]
    )
    with pytest.raises(ValueError, match="expected a cure and strength of"):
        effects.misled(cures, "longer", 3)


def test_digits_are_followed_by_cures_schedules_and_without_colours(cures):
    rows = ["none", "spectral decoupling", "spectral decoupling", *effects.SCHEDULES]
    strengths = [0, 1.0, 2.0, 0, 0, 0, 0]
    for number, (cure, strength) in enumerate(zip([*rows, "no colours"], strengths, strict=True)):
        for place, part in enumerate(effects.PARTS):
            found = effects.digits_course(cures, cure, strength, part)
            np.testing.assert_array_equal(found, cures["digits_accuracy"][:, number, :, place])


def test_mitigation_is_with_minus_without(cures):
    misled, digits = cures["misled"][..., 1], cures["digits_accuracy"][:, :, -1, 1]
    expected = {
        "two moons": misled[:, 4] - misled[:, 0],
        "coloured digits": digits[:, 2] - digits[:, 0],
        "coloured digits, by the script's schedule": digits[:, 3] - digits[:, 0],
    }
    for where, difference in expected.items():
        np.testing.assert_allclose(effects.mitigation(cures, where), difference)


def test_every_cure_has_a_row_with_its_mean(cures):
    ax = moons.plot_cures(cures)
    rows = [(c, s) for c, strengths in cures.config["cures"] for s in strengths]
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [
        *("none", "untrained", "1,000 steps"),
        *("spectral decoupling 0.1", "spectral decoupling 0.5"),
    ]
    drawn = [line.get_xydata()[0] for line in ax.lines if len(line.get_xydata())]
    for place, (cure, strength) in enumerate(rows):
        fresh, misled = drawn[2 * place], drawn[2 * place + 1]
        assert fresh[1] == misled[1] == place
        assert np.isclose(fresh[0], 100 * effects.of_cure(cures, "fresh", cure, strength).mean())
        assert np.isclose(misled[0], 100 * effects.misled(cures, cure, strength).mean())


def test_unlearning_draws_the_misleading_pictures(cures):
    ax = moons.plot_unlearning(cures, {"plain": ("none", 0), "ours": ("schedule", 0)})
    assert {text.get_text() for text in ax.texts} == {"plain", "ours"}
    x, y = ax.lines[1].get_data()
    np.testing.assert_array_equal(x, cures["digits_step"][0])
    np.testing.assert_allclose(y, 100 * cures["digits_accuracy"][:, 3, :, 1].mean(0))


def test_a_decision_is_drawn_with_the_first_coordinate_to_the_right():
    line = np.linspace(-2, 2, 50)
    decision = np.broadcast_to(line[:, None] - 0.5, (2, 50, 50))  # zero where coordinate 1 is ½
    arrays = {
        "decision": decision,
        "inputs": np.zeros((2, 4, 2)),
        "labels": np.tile([1, 1, -1, -1], (2, 1)),
    }
    results = Atlas("moons", arrays, {}, ["plain", "other"], {}, "")
    axes = moons.plot_decisions(results, ["other"], columns=1)
    zero = axes[0, 0].collections[-1].get_paths()[0].vertices
    np.testing.assert_allclose(zero[:, 0], 0.5, atol=1e-6)
    assert np.ptp(zero[:, 1]) == pytest.approx(4)
    assert axes[0, 0].get_title() == "other"
