"""The courses of the starvation explorer: what they record is what it is called."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradbook.chapters.starvation import moons
from gradbook.chapters.starvation.experiments import boundary

NONE, DECAY, DECOUPLING = ["none", 0.0], ["weight decay", 0.01], ["spectral decoupling", 0.006]
SMALL = boundary.CONFIG | {"seeds": [3, 4], "width": 30, "epochs": [0, 3, 8, 20]}
CURVES = boundary.CONFIG["curves"]


def follow(*courses, **change):
    return boundary.measure(0.1, SMALL | {"courses": list(courses)} | change)


def by_hand(stages: list[tuple[int, str, float]], seed: int = 3) -> tuple[torch.nn.Module, ...]:
    """Train one net with torch's own optimizer and an automatic gradient, in float32."""
    inputs, targets = map(torch.from_numpy, moons.moons(seed, margin=0.1))
    inputs, targets = inputs.float(), targets.float()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(torch.nn.Linear(2, 30), torch.nn.ReLU(), torch.nn.Linear(30, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    for steps, name, strength in stages:
        decay = strength if name == "weight decay" else 0
        optimizer.param_groups[0]["weight_decay"] = decay
        coupling = strength if name == "spectral decoupling" else 0
        for _ in range(steps):
            answers = net(inputs)[:, 0]
            loss = functional.softplus(-targets * answers) + coupling / 2 * answers.square()
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
    return net, inputs, targets


def expected(net, inputs, targets) -> dict[str, float]:
    """The numbers that need no features and no grid, from their definitions."""
    net.zero_grad()
    answers = net(inputs)[:, 0]
    loss = functional.softplus(-targets * answers).mean()
    loss.backward()
    weight = net[0].weight
    column = weight.detach() / weight.detach().norm(dim=0)
    erased = inputs * torch.tensor([0, 1])
    right = [(net(x)[:, 0] * targets > 0).float().mean() for x in (inputs, erased)]
    doses = (-(weight.grad * column).sum(0)).tolist()
    named = {"dose_1": doses[0], "dose_2": doses[1], "loss": loss.item()}
    return named | {"accuracy": right[0].item(), "erased": right[1].item()}


@pytest.mark.parametrize("first", [NONE, DECAY, DECOUPLING], ids=lambda stage: stage[0])
def test_a_course_is_that_of_one_net_trained_by_hand(first):
    found = follow([first])["curves"][-1]
    for name, value in expected(*by_hand([(20, *first)])).items():
        assert found[CURVES.index(name)] == pytest.approx(value, rel=1e-3, abs=1e-6), name


def test_after_a_switch_weights_and_momentum_go_on():
    found = follow([NONE], [NONE, [8, *DECOUPLING]])["curves"]
    net = by_hand([(8, *NONE), (12, *DECOUPLING)])
    assert len(found) == 4 + 1
    for name, value in expected(*net).items():
        assert found[-1, CURVES.index(name)] == pytest.approx(value, rel=1e-3, abs=1e-6), name


def test_a_switch_to_the_same_changes_nothing():
    found = follow([DECAY], [NONE], [NONE, [3, *NONE]], [DECAY, [8, *DECAY]])["curves"]
    decayed, plain, again, late = found[:4], found[4:8], found[8:10], found[10:]
    np.testing.assert_allclose(again, plain[2:], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(late, decayed[3:], rtol=1e-4, atol=1e-6)
    assert np.abs(decayed[3] - plain[3]).max() > 1e-3


def test_the_responses_split_the_answers():
    """Tangent features are orthonormal, so both parts' squares sum to the answers'."""
    found = follow([NONE])
    straight, bent = (found["curves"][-1, CURVES.index(name)] for name in ("straight", "bent"))
    net, inputs, _ = by_hand([(20, *NONE)])
    assert straight**2 + bent**2 == pytest.approx(net(inputs).square().mean().item(), rel=1e-3)
    assert straight > 5 * bent > 0


def test_the_leading_features_draw_nearly_straight_boundaries():
    """The first three span the constant and both coordinates, at the width of the explorer."""
    inputs = torch.from_numpy(moons.moons(10, margin=0.1)[0]).float()
    features = boundary._tangent_features(boundary._net(10, 500), inputs)
    leading = torch.linalg.svd(features, full_matrices=False)[0][:, :3]
    lines = torch.cat([torch.ones(len(inputs), 1), inputs], 1)
    within = (leading.T @ lines).norm(dim=0) / lines.norm(dim=0)
    assert (within > 0.98).all()


def test_the_field_is_the_net_s_answer():
    found = follow([NONE])
    net, inputs, targets = by_hand([(20, *NONE)])
    line = torch.linspace(-2, 2, 21)
    with torch.no_grad():
        answers = net(torch.cartesian_prod(line, line)).reshape(21, 21).numpy()
    shown = found["field"][-1] / 127 * found["scale"][-1]
    np.testing.assert_allclose(shown, answers, atol=0.51 / 127 * np.abs(answers).max())
    np.testing.assert_array_equal(found["points"], inputs)
    np.testing.assert_array_equal(found["labels"], targets)


def test_the_share_is_that_of_the_chapter_s_grid():
    found = follow([NONE], epochs=[0, 300])
    net = by_hand([(300, *NONE)])[0]
    with torch.no_grad():
        decisions = net(torch.from_numpy(moons.grid()).float()).reshape(100, 100).numpy()
    for name, planes in (("share_1", decisions.T), ("share_2", decisions)):
        shown = found["curves"][-1, CURVES.index(name)]
        assert shown == pytest.approx(moons.carried(planes), rel=0.04), name


def test_the_bands_span_the_seeds():
    both = follow([NONE], [DECOUPLING])
    each = [follow([NONE], [DECOUPLING], seeds=[seed])["curves"] for seed in (3, 4)]
    np.testing.assert_allclose(both["curves"], each[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(both["low"], np.minimum(*each), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(both["high"], np.maximum(*each), rtol=1e-4, atol=1e-6)


def test_batch_norm_is_no_matter_of_a_switch():
    with pytest.raises(ValueError, match="batch norm is a layer"):
        follow([NONE], [NONE, [3, "batch norm", 0.0]])


def test_every_look_is_counted():
    looks = []
    config = SMALL | {"courses": [[NONE], [["batch norm", 0.0]], [NONE, [8, *DECAY]]]}
    boundary.measure(0.1, config, on_look=lambda: looks.append(1))
    assert len(looks) == 4 + 4 + 1
