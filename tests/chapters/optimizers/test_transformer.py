"""The transformer looks back only, its text is the pinned one, its scores are the probes'."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradbook import probes
from gradbook.chapters.optimizers import closed_forms, prose, transformer_effects, zipf
from gradbook.chapters.optimizers.experiments import transformer_facts, transformer_text
from gradbook.chapters.optimizers.transformer import transformer
from gradbook.evidence.atlas import Atlas

SMALL = {"subjects": 16, "objects": 8, "sizes": {"width": 16, "hidden": 12, "blocks": 2}}
FACTS = {**transformer_facts.CONFIG, **SMALL, "steps": 40, "early": 4, "every": 20, "averaged": 2}
TEXT = {**transformer_text.CONFIG, **SMALL, "steps": 4, "every": 2, "places": 8}


def test_the_text_is_the_pinned_copy(monkeypatch, tmp_path):
    text = prose.topics()
    assert text.startswith('The "assert" statement') and len(text.encode()) == 466_274
    damaged = tmp_path / "topics.txt.xz"
    damaged.write_bytes(prose.lzma.compress(text.replace("assert", "assent", 1).encode()))
    monkeypatch.setattr(prose, "FILE", damaged)
    with pytest.raises(ValueError, match="expected a text of hash 74d0773e"):
        prose.topics()


def test_words_are_ranked_and_paragraphs_kept_whole():
    words, shares = prose.vocabulary(50)
    assert words[0] == "the" and (np.diff(shares) <= 0).all() and 0.4 < shares.sum() < 0.6
    learned, held = prose.split(3, 50, 0.1)
    every = [len(one) for one in prose.paragraphs()]
    assert len(learned) + len(held) == sum(every) and 0.07 < len(held) / sum(every) < 0.13
    both = np.concatenate([learned, held])
    np.testing.assert_allclose(np.bincount(both)[1:] / len(both), shares)
    assert not np.array_equal(held, prose.split(4, 50, 0.1)[1])


def test_a_place_looks_back_only():
    net = transformer(0, 10, 6, 10, width=8, hidden=12)
    tokens = torch.randint(10, (1, 6), generator=torch.Generator().manual_seed(0))
    changed = tokens.clone()
    changed[0, 3] = (tokens[0, 3] + 1) % 10
    same = torch.isclose(net(tokens), net(changed)).all(-1)[0]
    assert same.tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(("sizes", "count"), [((258, 2, 64), 120_896), ((1001, 32, 1001), 231_273)])
def test_parameters_are_as_many_as_the_page_says(sizes, count):
    net = transformer(0, *sizes, **transformer_facts.CONFIG["sizes"])
    assert sum(weight.numel() for weight in net.parameters()) == count


def test_a_row_that_only_a_norm_reads_has_no_dose():
    net = transformer(0, 12, 2, 5, blocks=1)
    rows, right = torch.tensor([[0, 10], [1, 11], [2, 10]]), torch.tensor([0, 3, 4])
    groups = {f"subject {s}": {"embed.weight": s} for s in range(3)}

    def along() -> float:
        found = probes.dose(
            net, groups, rows, right, loss="cross_entropy", output=lambda found: found[:, -1]
        )
        return float(((found.dose - found.erosion) / found.gradient).abs().max())

    assert along() > 0.05, "with a place added to it, it has one"
    torch.nn.init.zeros_(net.place.weight)
    assert along() < 2e-3


@pytest.mark.parametrize("chance", [1.0, 0.05])
def test_rows_that_turn_rest_at_one_norm(chance):
    generator = torch.Generator().manual_seed(0)
    rate, decay, width = 0.01, 1.0, 64
    row = torch.full((20, width), 0.2).requires_grad_()
    optimizer = torch.optim.AdamW([row], rate, weight_decay=decay)
    norms = []
    for step in range(3000):
        gradient = torch.randn(row.shape, generator=generator)
        unit = functional.normalize(row.detach(), dim=1)
        shown = torch.rand((len(row), 1), generator=generator) < chance
        row.grad = (gradient - (gradient * unit).sum(1, keepdim=True) * unit) * shown
        optimizer.step()
        if step >= 1000:
            norms.append(row.detach().norm(dim=1).mean())
    law = closed_forms.turning_norm(rate, decay, width)
    assert closed_forms.turning_norm(rate, decay, width, steps=0, start=0.7) == 0.7
    assert float(torch.stack(norms).mean()) == pytest.approx(law, rel=0.1)


def test_early_scores_are_those_of_the_probes():
    language = transformer_facts.Language(1, FACTS)
    net = transformer(1, 18, 2, 8, **SMALL["sizes"])
    everything = torch.arange(len(language.p))
    equal = torch.full_like(language.p, 1 / len(language.p))
    transformer_facts._loss(net, language, everything, equal).backward()
    pulls, norms = sum(transformer_facts._pulls(net)), transformer_facts._norms(net)
    for number in range(2):
        groups = probes.unit_groups(net, f"blocks.{number}.up", inputs=language.rows)
        found = probes.dose(
            net,
            groups,
            language.rows,
            language.objects,
            loss="cross_entropy",
            output=lambda found: found[:, -1],
        )
        torch.testing.assert_close(norms[number], found.norm.float())
        dose = (found.dose - found.erosion).float()
        torch.testing.assert_close(-pulls[number] / norms[number], dose, atol=1e-6, rtol=1e-3)
    worth = transformer_facts._worth(net, language)
    with torch.no_grad():
        whole = transformer_facts._loss(net, language, everything, language.p)
        net.blocks[0].down.weight[:, 5] = 0
        without = transformer_facts._loss(net, language, everything, language.p)
    assert float(worth[0, 5]) == pytest.approx(float(without - whole), abs=1e-6)


def test_losses_are_means_over_occurrences_of_each_eighth():
    targets = torch.tensor([0, 1, 1, 2, 3, 4, 5, 6, 7, 8])
    losses = torch.tensor([9.0, 1, 3, 3, 4, 5, 6, 7, 8, 9])
    found = transformer_text._by_eighth(losses, targets, 8)
    assert found.tolist() == [2, 3, 4, 5, 6, 7, 8, 9]
    rows = transformer_text._rows(torch.arange(9), 4)
    assert rows.tolist() == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8]]


@pytest.mark.parametrize(
    ("experiment", "config"), [(transformer_facts, FACTS), (transformer_text, TEXT)]
)
def test_a_job_is_its_seed(experiment, config):
    first, again, other = (experiment.measure(seed, config) for seed in (1000, 1000, 1001))
    settings = len(config["settings"])
    for name, values in first.items():
        assert name == "alone" or len(values) == settings
        np.testing.assert_array_equal(values, again[name])
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_effects_read_what_they_say():
    config = {**FACTS, "sizes": {"width": 64}}
    names = list(config["settings"])
    p = zipf.frequencies(16)
    right = np.ones((2, len(names), 16))
    right[:, 2, -2:] = 0.25
    law = closed_forms.turning_norm(0.002, 1.0, 64)
    facts = Atlas(
        "transformer_facts",
        {
            "right": right,
            "norm": np.broadcast_to(2 * law * (p / p.mean()) ** 0.0, right.shape),
            "slope": np.full(right.shape, -0.3),
            "of_norm": np.broadcast_to(np.arange(5.0), (2, len(names), 2, 5)),
        },
        config,
        [0, 1],
        {},
        "",
    )
    wd1 = "AdamW, wd = 1"
    np.testing.assert_allclose(transformer_effects.common_less_rare_facts(facts, wd1), 0.75)
    np.testing.assert_allclose(transformer_effects.rare_gain(facts, names[0], wd1), 0.75)
    np.testing.assert_allclose(transformer_effects.row_exponent(facts, wd1), 0, atol=1e-9)
    np.testing.assert_allclose(transformer_effects.row_over_law(facts, wd1), 2)
    np.testing.assert_allclose(transformer_effects.dose_share(facts, wd1, "embedding"), 0.3)
    np.testing.assert_allclose(transformer_effects.fate_rank(facts, wd1, "growth", "norm"), 2)
    expected = closed_forms.adamw_answer(p, 64, 1.0, 0.999).reshape(8, 2).mean(1)
    np.testing.assert_allclose(transformer_effects.own_weights_law(facts, wd1), expected)
    gap = np.abs(right[0, 2].reshape(8, 2).mean(1) - expected).max()
    np.testing.assert_allclose(transformer_effects.fact_gap(facts, wd1), gap)
    with pytest.raises(ValueError, match=r"expected a setting of .* got 'Lion'"):
        transformer_effects.fact_gap(facts, "Lion")
    held = np.zeros((2, 2, 3, 8))
    held[:, 0, -1, -1] = 4.0
    text = Atlas(
        "transformer_text",
        {"held": held, "learned": 1 - held},
        {"default": {}, "settings": {"AdamW, wd = 0": {}, wd1: {}}},
        [0, 1],
        {},
        "",
    )
    np.testing.assert_allclose(transformer_effects.fall_of_rare(text, wd1), 4)
    np.testing.assert_allclose(transformer_effects.rise_of_rare(text, wd1), 4)
