"""Every probe on every network of the zoo is what one naive loop finds, and leaves it as it was."""

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from gradbook import probes
from gradbook.probes.losses import LOSSES
from witness import Witness
from zoo import ZOO, Case, N

pytestmark = [
    pytest.mark.filterwarnings("ignore:torch.func cannot take this network:UserWarning"),
    pytest.mark.filterwarnings("ignore:a row that passes through:UserWarning"),
    pytest.mark.filterwarnings("ignore:no tangents of this network:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors:UserWarning"),
    pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True:UserWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script`.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning"),
]
PRESENT = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
DEVICES = [device for device, there in PRESENT.items() if there]
EXACT = {torch.float64: 1e-10, torch.float32: 1e-4}
MINIBATCHES = torch.tensor([[0, 1, 2], [3, 1, 0]])
OFFSETS = [-0.1, 0.0]


def some(rows, index):
    if isinstance(rows, dict):
        return {name: value[index] for name, value in rows.items()}
    return tuple(v[index] for v in rows) if isinstance(rows, tuple) else rows[index]


def outputs_of(case: Case, model: nn.Module, inputs) -> Tensor:
    if isinstance(inputs, dict):
        found = model(**{name: value.clone() for name, value in inputs.items()})
    else:
        inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        found = model(*(value.clone() for value in inputs))
    return case.output(found) if case.output else found


def mean_loss(case: Case, outputs: Tensor, targets: Tensor) -> Tensor:
    return (LOSSES[case.loss] if isinstance(case.loss, str) else case.loss)(outputs, targets).mean()


def naive(case: Case, index: Tensor, change=lambda model: None, total=mean_loss) -> dict:
    """Gradients of the mean loss of some rows, in a network made anew, by backward, on the CPU."""
    model = case.build().eval()
    change(model)
    inputs, targets = (some(part, index) for part in case.rows())
    number = total(case, outputs_of(case, model, inputs), targets)
    if number.requires_grad:
        number.backward()
    learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
    return {
        name: torch.zeros_like(p) if p.grad is None else p.grad.to_dense()
        for name, p in learning.items()
    }


def flat(gradients: dict[str, Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients.values()])


def agree(found: Tensor, known: Tensor) -> None:
    assert found.shape == known.shape
    largest = known.abs().amax().item() if known.numel() else 0.0
    error = (found.cpu() - known).abs().amax().item() if known.numel() else 0.0
    assert error <= EXACT[found.dtype] * max(1.0, largest)


@pytest.fixture(params=ZOO)
def case(request) -> Case:
    return ZOO[request.param]


@pytest.fixture(params=DEVICES)
def there(request) -> tuple[str, torch.dtype]:
    """Every device that this machine has, and what it computes in: MPS has no float64."""
    return request.param, torch.float32 if request.param == "mps" else torch.float64


@pytest.fixture
def watched(case, there):
    """The network in training mode, watched; the rows; how they are judged."""
    model: nn.Module = case.build().train().to(*there)
    for number, parameter in enumerate(model.parameters()):
        parameter.grad = torch.full_like(parameter, number) if number % 2 else None
    witness = Witness(model)
    rows = tuple(moved(part, *there) for part in case.rows())
    yield model, rows, judged(case)
    assert witness.changes() == []
    same = (moved(part, *there) for part in case.rows())
    torch.testing.assert_close(rows, tuple(same), rtol=0, atol=0)


def moved(rows, device, dtype):
    if isinstance(rows, dict):
        return {name: moved(part, device, dtype) for name, part in rows.items()}
    if isinstance(rows, tuple):
        return tuple(moved(part, device, dtype) for part in rows)
    return rows.to(device, dtype if rows.is_floating_point() else None)


def judged(case):
    return {"loss": case.loss, "output": case.output}


@pytest.mark.parametrize("device", PRESENT)
def test_the_table_is_gone_through_on(device):
    if not PRESENT[device]:
        pytest.skip(f"no {device} here: the table of networks is gone through on {DEVICES}")


def test_every_layer_of_torch_with_parameters_is_there():
    """What has parameters can draw them anew, as the network's author would."""
    kinds = {
        name
        for name, kind in vars(nn).items()
        if isinstance(kind, type) and issubclass(kind, nn.Module) and not name.startswith("Lazy")
        if hasattr(kind, "reset_parameters") or hasattr(kind, "_reset_parameters")
    }
    used = {type(part).__name__ for case in ZOO.values() for part in case.build().modules()}
    abstract = {"RNNBase", "RNNCellBase", "CrossMapLRN2d"}
    assert kinds - used - abstract == set() and len(ZOO) >= 60


def test_gradients_of_single_rows(case, watched):
    model, rows, options = watched
    known = torch.stack([flat(naive(case, torch.tensor([i]))) for i in range(N)])
    for _ in range(2):  # at the second call what was proved at the first is known
        agree(probes.example_gradients(model, *rows, **options), known)
        agree(probes.example_gram(model, *rows, **options), known @ known.T)
        agree(probes.example_norms(model, *rows, **options), known.norm(dim=1))


def test_doses(case, watched):
    model, rows, options = watched
    known = naive(case, torch.arange(N))
    each = [naive(case, torch.tensor([i])) for i in range(N)]
    names = list(known)
    group = {name: slice(None) for name in (names[0], names[-1])}
    weights = dict(case.build().eval().named_parameters())
    weight = torch.cat([weights[name].detach().flatten() for name in group])
    unit = weight / weight.norm()
    found = probes.dose(model, {"group": group}, *rows, **options)
    gradient = torch.cat([known[name].flatten() for name in group])
    agree(found.dose - found.erosion, -(gradient @ unit)[None])
    agree(found.gradient, gradient.norm()[None])
    agree(found.norm, weight.norm()[None])
    rowwise = [-torch.cat([one[name].flatten() for name in group]) @ unit for one in each]
    for _ in range(2):
        agree(probes.example_doses(model, group, *rows, **options), torch.stack(rowwise))


def test_gradients_of_minibatches(case, watched):
    model, rows, options = watched
    known = [naive(case, batch) for batch in MINIBATCHES]
    row = naive(case, torch.tensor([2]))
    names = list(known[0])
    for name in names[:: 1 + len(names) // 8]:
        found = probes.minibatch_gradients(model, *rows, MINIBATCHES, name, **options)
        agree(found, torch.stack([one[name] for one in known]))
        agree(probes.per_example_gradients(model, *rows, name, **options)[2], row[name])


def moves(name: str, entries: list, by: tuple[float, float]):
    def move(net: nn.Module) -> None:
        with torch.no_grad():
            for entry, step in zip(entries, by, strict=True):
                dict(net.named_parameters())[name][entry] += step

    return move


def agree_on_a_grid(case: Case, found: Tensor, name: str, entries: list) -> None:
    """At the point where both numbers move, and at one where the first alone does."""
    for i, j in ((0, 0), (0, 1)):
        move = moves(name, entries, (OFFSETS[i], OFFSETS[j]))
        known = [naive(case, batch, move)[name] for batch in MINIBATCHES]
        agree(found[:, i, j], torch.stack([torch.stack([g[e] for e in entries]) for g in known]))


def test_landscapes(case, watched):
    model, rows, options = watched
    options |= {"offsets": OFFSETS}
    learning = {name: value for name, value in model.named_parameters() if value.requires_grad}
    vectors = [name for name, value in learning.items() if value.ndim == 1 and len(value) > 1]
    for name in vectors[:1] + vectors[1:][-1:]:
        found = probes.gradient_landscape(model, *rows, MINIBATCHES, name, **options)
        agree_on_a_grid(case, found.gradients, name, [0, 1])
    linear = [
        name
        for name, part in model.named_modules()
        if type(part) is nn.Linear and f"{name}.weight" in learning
        if part.out_features > 1 and part.in_features > 0
    ]
    for layer in linear[-1:]:
        source = model.get_submodule(layer).in_features - 1
        given = {"units": (1, 0), "source": source}
        found = probes.weight_landscape(model, *rows, MINIBATCHES, layer, **given, **options)
        agree_on_a_grid(case, found, f"{layer}.weight", [(1, source), (0, source)])


def test_errors_at_linear_layers(case, watched):
    """Their sum is the gradient in a bias of the layer's own; a layer called twice is refused."""
    model, rows, options = watched
    known = [naive(case, batch) for batch in MINIBATCHES]
    owners = Counter(id(p) for part in model.modules() for p in part._parameters.values())
    for layer, part in model.named_modules():
        if type(part) is not nn.Linear or part._forward_hooks or owners[id(part.bias)] > 1:
            continue
        if layer and f"{layer}.bias" in known[0]:
            try:
                found = probes.layer_passes(model, *rows, MINIBATCHES, [layer], **options)[layer]
            except ValueError as error:
                assert "called once" in str(error) or "equal shapes" in str(error)
            else:
                agree(found.bias_gradients(), torch.stack([g[f"{layer}.bias"] for g in known]))


def test_outputs(case, watched):
    """Gradients of the outputs' sum, a step along them, and each row's gradient of one output."""
    model, (inputs, _), _ = watched
    along = naive(case, torch.arange(N), total=lambda case, outputs, _: outputs.sum())
    options = {"output": case.output}
    found = probes.output_gradients(model, inputs, **options)
    for (name, value), gradient in zip(model.named_parameters(), found, strict=True):
        agree(gradient, along.get(name, torch.zeros(value.shape)))

    def step(net):
        with torch.no_grad():
            for name, gradient in along.items():
                dict(net.named_parameters())[name].add_(gradient, alpha=0.01)

    nets = [case.build().eval() for _ in range(2)]
    step(nets[1])
    before, after = (outputs_of(case, net, case.rows()[0]).sum().detach() for net in nets)
    agree(probes.step_changes(model, inputs, [0.01], **options), (after - before)[None])

    def first(outputs):
        return outputs.reshape(len(outputs), -1)[:, :1]

    rows = [torch.tensor([i]) for i in range(N)]
    known = [naive(case, row, total=lambda c, outputs, _: first(outputs).sum()) for row in rows]
    chosen = {"output": lambda found: first(case.output(found) if case.output else found)}
    agree(probes.tangent_features(model, inputs, **chosen), torch.stack(list(map(flat, known))))
