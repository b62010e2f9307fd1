"""Random arguments that fit no probe, by construction, beside some that do."""

import math

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from gradbook.probes.losses import LOSSES

N = 6


def network() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3), nn.ReLU(), nn.Linear(3, 1))
    net[2].bias.requires_grad_(False)
    return net.double()


NET, ALONE = network(), nn.Sequential(nn.Linear(4, 3, bias=False)).double()
X = torch.randn(N, 4, generator=torch.Generator().manual_seed(1)).double()
Y = torch.randn(N, 1, generator=torch.Generator().manual_seed(2)).double()
ROWS = torch.arange(N).view(2, 3)
HELD = torch.randn(N, 7, generator=torch.Generator().manual_seed(3)).double()
KERNEL = HELD @ HELD.T
FIELD = torch.randn(2, 5, 5, 2, generator=torch.Generator().manual_seed(4)).double()

anything = st.one_of(
    st.none(), st.text(max_size=5), st.binary(max_size=3), st.builds(object), st.just(3 + 4j)
)
numbers = st.one_of(st.integers(-9, 99), st.floats(), st.booleans())
functions = st.sampled_from([len, lambda: 1, lambda *_: "no", lambda *_: None, int])


def shapes(*right: tuple[int, ...]):
    """Tensors of random shapes, but not of these, -1 standing for any size."""

    def fits(shape: tuple[int, ...]) -> bool:
        return any(
            len(shape) == len(r) and all(b in (-1, a) for a, b in zip(shape, r, strict=True))
            for r in right
        )

    sizes = st.lists(st.integers(0, 8), max_size=4).map(tuple).filter(lambda s: not fits(s))
    return sizes.map(lambda shape: torch.ones(shape, dtype=torch.float64))


def broken(value: torch.Tensor):
    """A tensor with nan or infinity in one place, or of another dtype."""

    def at(number: float, place: int) -> torch.Tensor:
        found = value.clone()
        found.view(-1)[place % found.numel()] = number
        return found

    bad = st.sampled_from([math.nan, math.inf, -math.inf])
    other = st.sampled_from([value.long(), value > 0, value.to(torch.complex64), value.numpy()])
    return st.one_of(st.builds(at, bad, st.integers(0, 99)), other, st.just(value.tolist()))


MODEL = st.one_of(
    anything, numbers, st.sampled_from([{}, [NET], nn.Linear, X, nn.LazyLinear(2), nn.ReLU()])
)
INPUTS = st.one_of(
    anything,
    numbers,
    shapes((N, 4)),
    st.sampled_from(
        [X.long(), X.numpy(), [1.0], (X, X), {"x": X}, (X, 3), (), {}, {3: X}, [X[:5]]]
    ),
)
TARGETS = st.one_of(
    st.text(max_size=3),
    numbers,
    shapes((N, 1)),
    st.sampled_from([Y.numpy(), Y.tolist(), (Y,), None]),
)
LOSS = st.one_of(
    anything.filter(lambda v: v not in LOSSES if isinstance(v, str) else True),
    numbers,
    functions,
    st.sampled_from([functional.mse_loss, nn.MSELoss(), "cross_entropy", "nll", nn.MSELoss]),
    st.sampled_from([lambda o, t: o.sum(), lambda o, t: 1 / 0, lambda o, t: o - t.T, lambda o: o]),
)
NO_TENSOR = st.one_of(
    anything.filter(lambda v: v is not None),
    numbers,
    functions,
    st.sampled_from([lambda o: o.long(), lambda o: (o,)]),
)
OUTPUT = NO_TENSOR | st.sampled_from([lambda o: o.sum(), lambda o: o[:2]])
MODE = st.one_of(anything, numbers, st.sampled_from(["test", "Eval", ["eval"], X]))
NAMES = st.one_of(
    anything.filter(lambda v: v is not None),
    numbers,
    st.lists(st.one_of(anything, numbers), min_size=1, max_size=3),
    st.sampled_from(["0.bias", [], ["0.bias"] * 2, ["2.bias"], {"0.bias"}, ["0.bias", "no"]]),
)
BATCHES = st.one_of(
    anything,
    numbers,
    shapes(),
    st.sampled_from(
        [ROWS.tolist(), ROWS[0], ROWS[:0], ROWS + 9, -1 - ROWS, ROWS > 1, ROWS * 1j, ROWS.numpy()]
    ),
)
NAME = st.one_of(
    anything, numbers, st.sampled_from(["2.bias", "0", "no.bias", ["0.bias"], ("0.bias",)])
)
UNITS = st.one_of(
    anything,
    numbers,
    st.tuples(st.integers(5, 99), st.integers(-9, 99)),
    st.tuples(st.integers(-9, -1), st.integers(0, 2)),
    st.sampled_from([(0, 0), (0,), (0, 1, 2), (0.5, 1), ("a", "b"), (None, 1), (True, False)]),
)
OFFSETS = st.one_of(
    anything,
    numbers,
    shapes((-1,)),
    st.sampled_from([[], [math.nan], [0.0, math.inf], [[0.0]], ["a"], {"a": 1.0}, [None], {0.1}]),
)
SEED = st.one_of(
    anything, st.floats(), st.booleans(), st.integers(max_value=-1), st.just([1]), st.just(X)
)
GROUP = st.one_of(
    anything,
    numbers,
    st.sampled_from(
        [{}, [], {"no": 0}, {"0.bias": 99}, {"0.bias": "x"}, {"0.bias": []}, {"0.bias": [0, 0]}]
    ),
    st.sampled_from(
        [{3: 0}, {"0.bias": (0, 0)}, {"0.weight": (0, 0, 0)}, {"0.bias": None, "x": 1}]
    ),
    st.sampled_from(
        [{"0.bias": 0.5}, {"0.bias": object()}, {"0.bias": torch.ones(3, dtype=torch.bool)}]
    ),
)
GROUPS = st.one_of(anything, numbers, GROUP.map(lambda group: {"group": group}), st.just({}))
MATRIX = st.one_of(anything, numbers, shapes((-1, -1)), broken(HELD), st.just(HELD[:0]))
SQUARE = st.one_of(anything, numbers, shapes((-1, -1)), broken(KERNEL), st.just(HELD))
STEP = st.one_of(anything, st.floats(), st.integers(-9, 0), st.integers(5, 99), st.booleans())
POSITIVE = st.one_of(
    anything.filter(lambda v: v is not None),
    st.sampled_from([math.nan, math.inf, -1.0]),
    st.just(X),
)
COUNTED = st.one_of(anything, st.floats(), st.integers(-9, 0), st.booleans())
STEPS = st.one_of(
    anything,
    numbers,
    st.sampled_from([[], ["a"], [math.nan], [math.inf], [None], [[1.0]], {"a": 1}]),
)
