"""What the generalization experiments measure, against a loop over examples and networks."""

import numpy as np
import torch

from gradbook.chapters.generalization.experiments import dose_by_count, lag, left_out, one_step
from gradbook.training import gardens

SMALL = left_out.CONFIG | {
    "count": 12,
    "folds": 3,
    "splits": 2,
    "steps": 15,
    "units": 5,
    "losses": [0.9, 0.7],
    "early_networks": 2,
}


def problem():
    inputs, targets, _ = left_out._data("digits", 3, SMALL)
    return inputs, targets


def test_left_out_networks_are_those_trained_one_by_one_without_the_example():
    inputs, targets = problem()
    without, within = left_out._retrained(inputs, targets, 0.01, 3, SMALL)
    right, seen = np.zeros((2, 12)), np.zeros((2, 12))
    for split in range(2):
        order = gardens.stream(3000 + split, 4).permutation(12)
        for fold in range(3):
            absent = np.isin(np.arange(12), order[fold::3])
            kept = torch.from_numpy(~absent)
            net = left_out._network(inputs, targets, 300 + split, SMALL)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
            for _ in range(15):
                optimizer.zero_grad()
                left_out._losses(net(inputs[kept]), targets[kept]).mean().backward()
                optimizer.step()
            hit = (net(inputs).argmax(1) == targets.argmax(1)).numpy()
            for group, rows in enumerate((absent, ~absent)):
                right[group] += hit * rows
                seen[group] += rows
    assert (seen[0] == 2).all() and (seen[1] == 4).all()
    np.testing.assert_allclose(np.stack([without, within]), right / seen, atol=1e-6)


def test_a_dose_sums_what_all_other_examples_gradients_do_for_one():
    inputs, targets = problem()
    found = left_out._dose(inputs, targets, 3, SMALL)
    expected = []
    for number in range(2):
        net = left_out._network(inputs, targets, 350 + number, SMALL)
        weights, dose, kept, start = list(net.parameters()), np.zeros(12), [], None
        while len(kept) < 2:
            rows = [
                torch.cat([g.flatten() for g in torch.autograd.grad(loss, weights)])
                for loss in (left_out._losses(net(x[None]), y[None])[0]
                             for x, y in zip(inputs, targets, strict=True))
            ]  # fmt: skip
            loss = left_out._losses(net(inputs), targets).mean().item()
            start = start or loss
            if loss <= SMALL["losses"][len(kept)] * start:
                kept.append(dose.copy())
                continue
            rows = torch.stack(rows)
            for i in range(12):
                others = rows[np.arange(12) != i].mean(0)
                dose[i] += 0.1 * float(rows[i] @ others)
            step = torch.nn.utils.parameters_to_vector(weights) - 0.1 * rows.mean(0)
            torch.nn.utils.vector_to_parameters(step, weights)
        expected.append(kept)
    np.testing.assert_allclose(found, np.mean(expected, 0), rtol=1e-4, atol=1e-6)


def test_a_step_s_own_and_others_gains_are_first_order_products():
    """With one training set and a tiny step the two gains are η‖ḡ‖² and η⟨ḡ, G⟩."""
    config = one_step.CONFIG | {"moments": [0], "sizes": [8], "draws": 1, "gains": [1e-7]}
    found = one_step.measure(0, config)
    task = one_step.digits.digits(train=1796, wrong=0.2, seed=0)
    x, y = task.train_inputs.double(), task.train_targets.double()
    net = one_step.models.mlp(64, (32,), outputs=10, one_hot=False, seed=0).double()
    g = one_step.per_example.example_gradients(net, x, y, loss=one_step._losses)
    chosen = torch.randint(1796, (8,), generator=torch.Generator().manual_seed(0))
    own, whole = g[chosen].mean(0), g.mean(0)
    noise = g.square().sum(1).mean() - whole @ whole
    assert np.isclose(found["noise_scale"][0], noise / (whole @ whole))
    assert np.isclose(found["others"][0, 0, 0] / found["own"][0, 0, 0], own @ whole / (own @ own),
                      rtol=1e-4)  # fmt: skip
    scale = g[chosen].square().sum(1).mean() / (own @ own) - 1
    assert np.isclose(found["plug_in"][0, 0], 1 / (1 + scale / 8))


def test_a_linear_network_gives_each_private_weight_one_part_in_n():
    config = dose_by_count.CONFIG | {"networks": ["linear"], "counts": [10, 37]}
    found = dose_by_count.measure(0, config)
    np.testing.assert_allclose(found["dose"], [[10, 37]])
    np.testing.assert_allclose(found["first"], [[10, 37]])


def test_crossings_lie_between_records_and_do_not_come_where_there_are_none():
    assert lag._crossing([0, 2, 4], np.array([0.0, 0.2, 0.6]), 0.3) == 2.5
    assert np.isnan(lag._crossing([0, 2], np.array([0.0, 0.1]), 0.3))
    assert np.isnan(lag._crossing([0, 2], np.array([0.5, 0.6]), 0.3))
