"""Noise scale, coherence, diversity and signal-to-noise ratio are one number."""

import math

import pytest
import torch
from torch import Tensor

from gradbook import probes

EXACT = {"rel": 1e-12, "abs": 0}


def field(n: int = 40, parameters: int = 15) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(n, parameters, generator=generator, dtype=torch.float64)
    scales = torch.logspace(-2, 1, parameters, dtype=torch.float64)
    return (0.3 + noise) * scales


@pytest.mark.parametrize("shift", [0.0, 0.3, 5.0])
def test_four_names_for_one_number(shift):
    gradients = field() + shift
    kernel = gradients @ gradients.T
    n, scale = len(gradients), probes.noise_scale(gradients)
    assert probes.gram_noise_scale(kernel) == pytest.approx(scale, **EXACT)
    assert 1 / probes.coherence(kernel) - 1 == pytest.approx(scale, **EXACT)
    assert n * probes.diversity(kernel) - 1 == pytest.approx(scale, **EXACT)
    assert 1 / probes.mean_signal_to_noise(gradients) == pytest.approx(scale, **EXACT)


@pytest.mark.parametrize("n", [1, 16, 4096])
def test_the_generalization_ratio_is_the_saturation_curve(n):
    gradients = field()
    predicted = probes.predicted_generalization(probes.noise_scale(gradients), n)
    assert probes.generalization_ratio(gradients, n) == pytest.approx(predicted, **EXACT)


def test_parameters_without_a_gradient_change_nothing():
    gradients = field()
    padded = torch.cat([gradients, torch.zeros(len(gradients), 3)], 1)
    assert probes.signal_to_noise(padded)[-3:].isnan().all()
    for measure in (
        probes.mean_signal_to_noise,
        lambda found: probes.generalization_ratio(found, 64),
    ):
        assert measure(padded) == pytest.approx(measure(gradients), **EXACT)


def test_a_parameter_that_never_varies_shares_its_whole_decrease():
    gradients = torch.tensor([[2.0, 1.0], [2.0, -1.0]]).double()
    assert probes.signal_to_noise(gradients).tolist() == [math.inf, 0]
    assert probes.generalization_ratio(gradients, 4) == pytest.approx(4 / (4 + 1 / 4), **EXACT)


@pytest.mark.parametrize(("equal", "coherence"), [(True, 1.0), (False, 1 / 6)])
def test_coherence_of_equal_and_of_orthogonal_gradients(equal, coherence):
    gradients = torch.ones(6, 6).double() if equal else torch.eye(6).double()
    kernel = gradients @ gradients.T
    assert probes.coherence(kernel) == pytest.approx(coherence, **EXACT)
    assert probes.confusion(kernel) == 0
    assert probes.agreement_with_rest(kernel).tolist() == [float(equal)] * 6
    assert [value.item() for value in probes.stiffness(kernel)] == [equal, equal]


def test_confusion_is_the_worst_pair():
    gradients = torch.tensor([[1.0, 0.0], [-2.0, 1.0], [3.0, 3.0]]).double()
    assert probes.confusion(gradients @ gradients.T) == 3


def test_agreement_leaves_the_example_itself_out():
    gradients = field(12)
    found = probes.agreement_with_rest(gradients @ gradients.T)
    for i, gradient in enumerate(gradients):
        rest = torch.cat([gradients[:i], gradients[i + 1 :]]).mean(0)
        cosine = torch.cosine_similarity(gradient, rest, dim=0)
        assert found[i].item() == pytest.approx(cosine.item(), rel=1e-9)


def test_stiffness_over_pairs_of_classes():
    gradients, classes = field(20), torch.arange(20) % 3
    kernel = gradients @ gradients.T
    signs, cosines = probes.stiffness(kernel, classes)
    for a in range(3):
        for b in range(3):
            pairs = [
                (i, j)
                for i in range(20)
                for j in range(20)
                if i != j and classes[i] == a and classes[j] == b
            ]
            known = [torch.cosine_similarity(gradients[i], gradients[j], dim=0) for i, j in pairs]
            known = torch.stack(known)
            assert cosines[a, b].item() == pytest.approx(known.mean().item(), rel=1e-10)
            assert signs[a, b].item() == pytest.approx(known.sign().mean().item(), rel=1e-10)


def test_a_zero_gradient_has_no_angle():
    gradients = torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]).double()
    kernel = gradients @ gradients.T
    assert probes.example_cosines(kernel)[1].isnan().all()
    assert probes.agreement_with_rest(kernel)[1].isnan()
    assert probes.stiffness(kernel)[1].item() == pytest.approx(math.sqrt(0.5), **EXACT)


def test_the_noise_tests_are_those_of_the_samples():
    gradients = field(12)
    mean = gradients.mean(0)
    spread = torch.cov(gradients.T) / len(gradients)
    unit = mean / mean.norm()
    inner = (unit @ spread @ unit).sqrt() / mean.norm()
    norm = spread.trace().sqrt() / mean.norm()
    found = probes.noise_tests(gradients @ gradients.T)
    known = norm.item(), inner.item(), (norm**2 - inner**2).sqrt().item()
    assert found == pytest.approx(known, rel=1e-10)


def test_without_a_gradient_no_set_of_rows_generalizes_and_with_noise_alone_none_does():
    assert math.isnan(probes.generalization_ratio(torch.zeros(3, 4), 10))
    assert probes.predicted_generalization(math.inf, 10) == 0
