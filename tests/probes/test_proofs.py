"""What is known of a network from its first probe holds for that network as it then is."""

import functools
import gc
import operator
import warnings
import weakref

import pytest
import torch
from torch import nn
from torch.nn.modules import module as of_all

from gradbook import probes
from gradbook.probes import rows_alone
from networks import dense, dense_rows
from zoo import By

X, Y, _ = dense_rows(outputs=2)
X, Y = X[:6], Y[:6]
ALL = torch.arange(6)[None]


def doubled(module, given):
    """Twice what flows into or out of a ReLU, and nothing else."""
    return (2 * given[0],) if isinstance(module, nn.ReLU) and given[0] is not None else None


HOOKS = {
    "none": None,
    "forward": ("register_module_forward_hook", lambda m, x, y: doubled(m, (y,)) and 2 * y),
    "forward pre": ("register_module_forward_pre_hook", doubled),
    "full backward": ("register_module_full_backward_hook", lambda m, to, of: doubled(m, to)),
    "full backward pre": ("register_module_full_backward_pre_hook", doubled),
}


@pytest.mark.filterwarnings("ignore:.*torch.func:UserWarning")
@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
def test_hooks_of_all_modules_there_are_count_while_they_are_there():
    model = dense(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    found = {}
    for name in (*HOOKS, "none"):
        handle = getattr(of_all, HOOKS[name][0])(HOOKS[name][1]) if HOOKS[name] else None
        try:
            losses = [(model(x[None]) - y).square().mean() for x, y in zip(X, Y, strict=True)]
            each = [torch.autograd.grad(loss, list(model.parameters())) for loss in losses]
            known = torch.stack([torch.cat([g.flatten() for g in one]) for one in each])
            found[name] = known
            bias, options = known[:, 30:35], {"loss": "squared"}
            given = (model, X, Y, ALL)
            for one, other in (
                (probes.example_gradients(model, X, Y), known),
                (probes.example_gram(model, X, Y), known @ known.T),
                (probes.per_example_gradients(model, X, Y, "0.bias", **options), bias),
                (probes.minibatch_gradients(*given, "0.bias", **options)[0], bias.mean(0)),
                (probes.layer_passes(*given, ["0"], **options)["0"].bias_gradients()[0],
                 bias.mean(0)),
                (probes.gradient_landscape(*given, "0.bias", offsets=[0.0], **options)
                 .gradients[0, 0, 0], bias.mean(0)[:2]),
            ):  # fmt: skip
                torch.testing.assert_close(one, other)
        finally:
            if handle is not None:
                handle.remove()
    assert (
        len({value.norm().item() for value in found.values()}) == 3
    )  # forward and backward, both doubled


def test_what_was_not_proved_stays_so_at_the_next_call():
    """Rows that see each other without a gradient: only the row alone tells."""
    model = By(lambda m, x: m.l((x - x.mean(0)).tanh() + x), l=nn.Linear(6, 2)).double()
    first = By(lambda m, x: m.l(x.tanh() * 0 + x), l=model.l).double()
    said = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = probes.example_gradients(model, X, Y)
        said.append(["alone has another gradient" in str(w.message) for w in caught])
        torch.testing.assert_close(found, probes.example_gradients(first, X, Y))
    assert any(said[0]) and not any(said[1])
    with pytest.warns(UserWarning, match="a row alone has another slope than among others"):
        found = probes.example_doses(model, {"l.weight": 0}, X, Y)
    torch.testing.assert_close(found, probes.example_doses(first, {"l.weight": 0}, X, Y))


class Picked:
    """An output function with a setting of its own."""

    def __init__(self, which):
        self.which = which

    def __call__(self, found):
        return found[self.which]


WAYS = {
    "lambda": lambda which: lambda found, which=which: found[which],
    "closure": lambda which: lambda found: found[which],
    "partial": lambda which: functools.partial(lambda found, which: found[which], which=which),
    "itemgetter": operator.itemgetter,
    "object": Picked,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_no_loss_depended_on_is_looked_at_when_one_does(way):
    """Two readouts, one of which has rows second; with as many positions as rows."""
    n = 5
    x, y = torch.randn(n, n, 6).double(), torch.randn(n, 2).double()
    model = By(
        lambda m, x: (m.a(x).mean(1), m.b(x.transpose(0, 1)).tanh().mean(0)),
        a=nn.Linear(6, 2), b=nn.Linear(6, 2),
    ).double()  # fmt: skip
    for which in (0, 1, 0, 1):
        options = {"output": way(which)}
        found = probes.example_norms(model, x, y, **options)
        alone = [probes.example_norms(model, x[[i]], y[[i]], **options) for i in range(n)]
        torch.testing.assert_close(found, torch.cat(alone))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.filterwarnings("ignore:.*alone has another gradient:UserWarning")
def test_what_is_known_of_one_output_is_not_taken_for_another(way):
    """Both are read from one layer, and the rows of the second see each other."""
    model = By(lambda m, x: (m.l(x), m.l((x - x.mean(0)).tanh() + x)), l=nn.Linear(6, 2)).double()
    for which in (0, 1):
        found = probes.example_norms(model, X, Y, output=way(which))
        alone = [probes.example_norms(model, X[[i]], Y[[i]], output=way(which)) for i in range(6)]
        torch.testing.assert_close(found, torch.cat(alone))


def test_checking_can_be_asked_for_at_every_call(monkeypatch):
    model, looked = dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)), []
    alone = rows_alone.one
    monkeypatch.setattr(rows_alone, "one", lambda *given: looked.append(1) or alone(*given))
    for probe, given in ((probes.example_norms, (X, Y)), (probes.example_gradients, (X, Y))):
        probe(model, *given)
        looked.clear()
        probe(model, *given, check=False)
        assert not looked
        probe(model, *given, check=True)
        assert looked


def test_what_is_known_does_not_keep_the_network():
    model = dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))

    def loss(model, outputs, targets):
        return (outputs - targets).square()

    probes.example_norms(model, X, Y, loss=functools.partial(loss, model))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
