"""Effects read the numbers they say they read."""

import numpy as np
import pytest

from gradbook.chapters.minibatch import effects
from gradbook.evidence.atlas import Atlas

SEEDS, LOSSES, EPOCHS, LAYERS = 3, 2, 5, 2


@pytest.fixture
def agreement():
    generator = np.random.default_rng(0)
    shape = (SEEDS, LOSSES, EPOCHS, LAYERS)
    arrays = {
        f"{biases}_{kind}": generator.random(shape)
        for biases in ("pair", "layer")
        for kind in ("cosine", "opposed")
    }
    arrays["zero_share"] = np.zeros(shape)
    arrays["zero_share"][1, 0, 4, 1] = 0.3
    arrays["test_r2"] = generator.random(shape[:3])
    arrays["moved"], arrays["repeated"] = np.zeros((2, *shape[:3]))
    arrays["moved"][2, 1, 3] = 0.5
    arrays["size_cosine"] = generator.random((SEEDS, 2, 4, 3))
    config = {"losses": ["l1", "squared"], "size_epochs": [0, 4], "batch_sizes": [8, 16, 64, 128]}
    return Atlas("agreement", arrays, config, [1, 2, 3], {}, "")


@pytest.fixture
def order():
    functions = np.ones((SEEDS, 3, 4))
    functions[:, 1, -1], functions[:, 2, -1] = (0.1, 0.2, 0.4), (0.2, 0.3, 0.2)
    weights = np.arange(SEEDS * 3 * 4).reshape(SEEDS, 3, 4)
    config = {"changes": ["nothing", "last bits", "order"]}
    return Atlas("order", {"functions": functions, "weights": weights}, config, [1, 2, 3], {}, "")


@pytest.mark.parametrize(("biases", "array"), [("two biases", "pair"), ("all biases", "layer")])
@pytest.mark.parametrize(("opposed", "kind"), [(False, "cosine"), (True, "opposed")])
def test_agreement_curve(agreement, biases, array, opposed, kind):
    curve = effects.agreement_curve(agreement, "squared", 3, biases=biases, opposed=opposed)
    np.testing.assert_array_equal(curve, agreement[f"{array}_{kind}"][:, 1, :, 1])


def test_two_biases_say_nothing_where_they_are_silent(agreement):
    curve = effects.agreement_curve(agreement, "l1", 3)
    assert np.isnan(curve[1, 4]) and np.isnan(curve).sum() == 1
    assert not np.isnan(agreement["pair_cosine"]).any(), "the results were changed"
    assert not np.isnan(effects.agreement_curve(agreement, "l1", 3, biases="all biases")).any()


def test_numbers_of_one_epoch(agreement):
    opposed = agreement["pair_opposed"][:, 0, 2, 0]
    np.testing.assert_array_equal(effects.opposed_pairs(agreement, layer=2, epoch=2), opposed)
    cosine = agreement["layer_cosine"][:, 0, 0, 1]
    np.testing.assert_array_equal(
        effects.cosine_at_the_start(agreement, biases="all biases", layer=3), cosine
    )
    np.testing.assert_array_equal(effects.r2_at_the_end(agreement), agreement["test_r2"][:, 0, 4])
    in_all = agreement["size_cosine"][:, 1, 2, 2]
    np.testing.assert_array_equal(effects.cosine_in_all_parameters(agreement, epoch=4), in_all)


def test_changes_by_probing_are_the_largest_of_a_seed(agreement):
    assert effects.change_by_probing(agreement, what="parameters").tolist() == [0, 0, 0.5]
    assert effects.change_by_probing(agreement, what="gradients").tolist() == [0, 0, 0]


def test_drift_at_the_end(order):
    assert effects.distance(order, change="order").tolist() == [11, 23, 35]
    ratios = effects.difference_over_round_off(order, change="order")
    np.testing.assert_allclose(ratios, [2, 1.5, 0.5])


@pytest.mark.parametrize(
    ("loss", "layer", "message"),
    [
        ("l2", 2, r"a loss of \['l1', 'squared'\], got 'l2'"),
        ("l1", 1, r"a layer of \(2, 3\), got 1"),
    ],
)
def test_what_was_not_measured_is_refused(agreement, loss, layer, message):
    with pytest.raises(ValueError, match=f"expected {message}"):
        effects.agreement_curve(agreement, loss, layer)
