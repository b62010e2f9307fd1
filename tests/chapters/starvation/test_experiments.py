"""The starvation experiments train what they say, and end where the closed forms do."""

import numpy as np
import pytest
import torch

from gradbook.chapters.dosage.experiments.competition import FEATURES, LABELS, shares
from gradbook.chapters.starvation import closed_forms, effects
from gradbook.chapters.starvation.experiments import delay, rarely_wrong, three_features
from gradbook.chapters.starvation.figures import delays
from gradbook.evidence import atlas
from gradbook.training import diets

NETWORKS = delay.CONFIG["networks"]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_step_of_the_chain_is_that_of_autograd(network):
    spec, decays, rate = NETWORKS[network], np.array([0.0, 0.05]), 0.3
    chain = delay.Chain(spec, 2, seed=3)
    before = [torch.tensor(layer, requires_grad=True) for layer in chain.layers]
    frequent = shares(0.8)
    for net, decay in enumerate(decays):
        signal = torch.from_numpy(FEATURES)
        for number, layer in enumerate(before, start=1):
            signal = signal @ layer[net].T
            if spec.get("relu") and number < len(before):
                signal = signal.relu()
        loss = diets.LOGISTIC.value(signal[:, 0], torch.from_numpy(LABELS))
        penalty = sum(layer[net].square().sum() for layer in before) / 2
        ((loss * torch.from_numpy(frequent)).sum() + decay * penalty).backward()
    chain.descend(FEATURES, frequent, rate, decays)
    for layer, start in zip(chain.layers, before, strict=True):
        gradient = start.grad.numpy()
        if spec.get("own") and layer.shape[1] > 1:
            gradient = gradient * np.eye(3)
        np.testing.assert_allclose(layer, start.detach().numpy() - rate * gradient, atol=1e-14)


def test_paths_of_their_own_stay_apart():
    chain = delay.Chain(NETWORKS["own paths"], 1, seed=0)
    for _ in range(50):
        chain.descend(FEATURES, shares(0.9), 0.1, np.array([0.01]))
    assert not chain.layers[0][0][~np.eye(3, dtype=bool)].any()
    assert (chain.layers[2] > 0.15).all()


@pytest.mark.parametrize("network", ["logistic regression", "own paths"])
def test_shipped_delays_are_the_predicted_ones(network):
    results = atlas.load("delay")
    form = delays.predicted_delay(results, network)
    steps = effects.of_map(results, "delay", network)
    never = (steps < 0).mean(0) > 0.5
    np.testing.assert_array_equal(never, np.isinf(form))
    clear = ~never & (form > 30)
    typical = np.ma.masked_less(steps, 0).mean(0)
    np.testing.assert_allclose(typical[clear], form[clear], rtol=0.12)


def test_shipped_catching_up_is_the_predicted_one():
    results = atlas.load("rarely_wrong")
    config = results.config
    for number, spec in enumerate(config["settings"].values()):
        steps = results["delay"][:, number]
        there = (steps >= 0).all(0)
        time = config["learning_rate"] * np.array(config["head_starts"])[there]
        form = delays.predicted_catching_up(spec, time) / config["learning_rate"]
        np.testing.assert_allclose(steps[:, there].mean(0), form, rtol=0.1, atol=2)
    assert (results["delay"][:, 2] >= 0).sum(1).tolist() == [4] * 20, "the others take longer"


def test_shipped_doses_lie_about_the_closed_forms():
    results = atlas.load("three_features")
    config = results.config
    for number, loss in enumerate(config["losses"]):
        for place, part in enumerate(("all", "right", "wrong")):
            keep = np.array(config["reliances"]) != 1.0  # the hinge's kink
            form = closed_forms.dose(0.9, np.array(config["reliances"]), part, loss)
            measured = results["dose"][:, number, :, 1:, place].mean((0, 2))
            np.testing.assert_allclose(measured[keep], form[keep], atol=2e-3)
    np.testing.assert_allclose(results["reliance"].mean(0), [np.log(9), 1], atol=0.02)


def test_the_shipped_seeds_are_measured_again():
    for module, name in ((rarely_wrong, "rarely_wrong"), (three_features, "three_features")):
        short = {"steps": 300} if module is rarely_wrong else {"network_steps": 50}
        found = module.measure(10, module.CONFIG | short)
        shipped = atlas.load(name)
        if module is rarely_wrong:
            early = shipped["delay"][0] <= 300
            expected = np.where(early, shipped["delay"][0], -1)
            np.testing.assert_array_equal(found["delay"], expected)
        else:
            np.testing.assert_allclose(found["dose"], shipped["dose"][0], rtol=1e-10)
            np.testing.assert_allclose(found["at_rest"], shipped["at_rest"][0], atol=1e-10)


def test_effects_read_their_arrays():
    results = atlas.load("three_features")
    before = results["dose"][:, 1, 0, 1:, 0].sum(1)
    now = results["beyond_doubt"][:, 1, 1:, 0].sum(1)
    np.testing.assert_array_equal(
        effects.fold_of_dose(results, "hinge", "beyond doubt"), before / now
    )
    gain = results["accuracy"][:, 1, 0] - results["accuracy"][:, 1, 1]
    np.testing.assert_array_equal(effects.accuracy_gained(results, "logistic regression"), gain)
