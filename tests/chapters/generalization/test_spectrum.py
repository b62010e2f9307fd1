"""Who is fed and which example agrees: against a naive loop, and as shipped."""

import numpy as np
import pytest
import torch

from gradbook.chapters.generalization import explorer, memorizing
from gradbook.chapters.generalization.examples import draw
from gradbook.chapters.generalization.experiments import spectrum
from gradbook.chapters.generalization.explorer import examples_explorer
from gradbook.evidence import atlas
from gradbook.training.diets import HALF_SQUARED

SHORT = spectrum.CONFIG | {"epochs": [0, 1, 5], "fresh": 50, "seeds": [3, 4]}
CURVES = spectrum.CURVES
CURVE = {name: i for i, name in enumerate(CURVES)}


@pytest.fixture(scope="module")
def shipped() -> atlas.Atlas:
    return atlas.load("spectrum")


def run(name: str, strength: float, size: int = 12, share: float = 0.25, **change):
    return spectrum.course(name, strength, size, share, SHORT["seeds"], SHORT | change)


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a @ b / a.norm() / b.norm()).item()


def test_agreements_are_those_of_a_naive_loop():
    rows = draw(12, wrong=0.25, dimension=12, fresh=5, seeds=[3])
    nets = memorizing.networks("ReLU", rows, units=6, seeds=[3])
    model, wrong = memorizing.as_module(nets), rows.wrong[0]
    each = []
    for x, y in zip(rows.inputs(), rows.labels[0], strict=True):
        output = model(torch.from_numpy(x)[None])[:, 0]
        loss = HALF_SQUARED.value(output, torch.tensor([y])).sum()
        found = torch.autograd.grad(loss, list(model.parameters()))
        each.append(torch.cat([g.flatten() for g in found]))
    naive = np.empty((12, 3))
    for i, g in enumerate(each):
        others = [j for j in range(12) if j != i]
        naive[i, 0] = cosine(g, torch.stack([each[j] for j in others]).mean(0))
        for column, kind in ((1, False), (2, True)):
            naive[i, column] = np.mean([cosine(g, each[j]) for j in others if wrong[j] == kind])
    shown = spectrum.agreements(nets, rows, 0)
    np.testing.assert_allclose(shown, 127 * naive, atol=0.5 + 1e-9)
    written = memorizing.gradients(nets, rows).agreement[0]
    np.testing.assert_allclose(written, naive[:, 0], atol=1e-12)


def test_a_gradient_that_is_round_off_has_no_direction():
    rows = draw(8, wrong=0.5, dimension=8, seeds=[3])
    nets = memorizing.networks("ReLU", rows, seeds=[3])
    assert (spectrum.agreements(nets, rows, 1e9) == spectrum.NO_COSINE).all()
    lengths = spectrum.gram(nets, rows).diagonal().sqrt()
    shown = spectrum.agreements(nets, rows, lengths.sort().values[3].item())
    assert (shown[:, 0] == spectrum.NO_COSINE).sum() == 4
    assert (shown[lengths.argmax()] != spectrum.NO_COSINE).all()


@pytest.mark.parametrize(("size", "share"), [(10, 0.3), (100, 0.1), (300, 0.3), (60, 0.0)])
def test_the_sample_has_right_labels_first_and_the_share_of_wrong_ones(size, share):
    wrong = draw(size, wrong=share, seeds=[3]).wrong[0]
    shown = spectrum.sample(wrong, 48)
    bad = round(share * min(48, size))
    assert wrong[shown].tolist() == [False] * (min(48, size) - bad) + [True] * bad
    assert len(set(shown.tolist())) == len(shown) == min(48, size)


@pytest.mark.parametrize(("name", "strength"), [("none", 0.0), ("weight decay", 0.03)])
def test_one_step_stands_for_its_neighbours(name, strength):
    """Doses and agreements do not alternate from step to step, late in training as early."""
    found = run(name, strength, size=100, share=0.3, epochs=[200, 201, 500, 501, 1000, 1001])
    doses = found["curves"][0, :3].reshape(3, 3, 2)
    assert np.abs(np.diff(doses)).max() < 0.05 * doses.max()
    cosines = found["agreements"].astype(int).reshape(3, 2, 48, 3)
    assert np.abs(np.diff(cosines, axis=1)).max() <= 3


def test_without_wrong_labels_nothing_is_said_about_them():
    found = run("weight decay", 0.1, share=0.0)
    empty = [name for name in CURVE if np.isnan(found["curves"][:, CURVE[name]]).all()]
    assert empty == ["wrong", "wrong_pull", "wrong_error"]
    assert (found["agreements"][..., 2] == spectrum.NO_COSINE).all()
    assert found["counts"].tolist() == [12, 0]


def test_doses_under_dropout_start_as_those_without_it():
    """The doses are those of all units: no mask is drawn to measure them."""
    plain, silenced = run("none", 0.0), run("dropout", 0.5)
    start = np.s_[:, :, 0]
    np.testing.assert_array_equal(plain["curves"][start], silenced["curves"][start])
    np.testing.assert_array_equal(plain["doses"][0], silenced["doses"][0])
    assert (plain["doses"][1:, :12] != silenced["doses"][1:, :12]).any()


def test_the_line_is_the_first_seed_inside_the_band_of_all():
    both = run("none", 0.0)["curves"]
    first, second = (
        spectrum.course("none", 0.0, 12, 0.25, [seed], SHORT)["curves"][0] for seed in (3, 4)
    )
    np.testing.assert_allclose(both[0], first, rtol=1e-6)
    np.testing.assert_allclose(both[1], np.minimum(first, second), rtol=1e-6)
    np.testing.assert_allclose(both[2], np.maximum(first, second), rtol=1e-6)


def test_the_widget_and_the_experiment_name_the_same_curves():
    assert explorer.CURVES == CURVES


# ------------------------------------------------------------------ as shipped


def number(regularizer: str, strength: float) -> int:
    runs = [(name, s) for name, all_ in spectrum.CONFIG["regularizers"] for s in all_]
    return runs.index((regularizer, strength))


@pytest.mark.parametrize("setting", spectrum.JOBS)
def test_at_rest_dose_is_decay(shipped, setting):
    end = shipped["curves"][shipped.jobs.index(setting), number("weight decay", 0.1), 0, :, -1]
    known = CURVES[:2] if spectrum.SETTINGS[setting][1] == 0 else CURVES[:3]
    for fed in known:
        assert end[CURVE[fed]] == pytest.approx(end[CURVE[f"{fed}_pull"]], rel=0.01), fed


def test_a_slice_is_measured_again(shipped):
    setting = "10 examples, 30% wrong"
    job, config = shipped.jobs.index(setting), spectrum.CONFIG | {"epochs": [0, 1, 2]}
    found = spectrum.measure(setting, config)
    known = shipped["curves"][job, ..., :3]
    np.testing.assert_allclose(found["curves"], known, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found["doses"], shipped["doses"][job, :, :3], rtol=1e-5, atol=1e-9)
    steps = found["agreements"].astype(int) - shipped["agreements"][job, :, :3]
    assert np.abs(steps).max() <= 1, "a cosine may be rounded to the neighbouring step"
    np.testing.assert_array_equal(found["counts"], shipped["counts"][job])


def test_the_explorer_holds_the_shipped_results_and_stays_small(shipped):
    widget = examples_explorer(shipped, share=2, size=1)
    config, runs = shipped.config, sum(len(s) for _, s in shipped.config["regularizers"])
    shape = (len(config["shares"]), len(config["sizes"]), runs, len(config["epochs"]), -1)
    doses = explorer.whole(np.frombuffer(widget.doses, "<u2")).reshape(shape)
    for w, share in enumerate(config["shares"]):
        for n, size in enumerate(config["sizes"]):
            job = shipped.jobs.index(f"{size} examples, {share:.0%} wrong")
            np.testing.assert_allclose(doses[w, n], shipped["doses"][job], rtol=2**-8)
            shown = widget.meta["shown"][(w * len(config["sizes"]) + n) * runs]
            assert shown == shipped["counts"][job].tolist()
    names = ("curves", "doses", "agreements", "answered")
    assert 4 / 3 * sum(len(getattr(widget, name)) for name in names) < 700_000
