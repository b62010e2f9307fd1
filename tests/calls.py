"""Every public probe with arguments that fit, and with random ones that do not."""

import math

import torch
from hypothesis import strategies as st

from misfits import (
    BATCHES,
    COUNTED,
    FIELD,
    GROUP,
    GROUPS,
    HELD,
    INPUTS,
    KERNEL,
    LOSS,
    MATRIX,
    MODE,
    MODEL,
    NAME,
    NAMES,
    NET,
    NO_TENSOR,
    OFFSETS,
    OUTPUT,
    POSITIVE,
    ROWS,
    SEED,
    SQUARE,
    STEP,
    STEPS,
    TARGETS,
    UNITS,
    N,
    X,
    Y,
    anything,
    broken,
    numbers,
    shapes,
)

# Any rows of four inputs do where nothing is compared with them.
FEW = INPUTS.filter(lambda v: v is not None and not isinstance(v, list)).filter(
    lambda v: not (isinstance(v, torch.Tensor) and v.ndim and v.shape[-1] == 4)
)
ROWWISE = {"model": MODEL, "inputs": INPUTS, "targets": TARGETS, "loss": LOSS, "output": OUTPUT}
BATCHWISE = ROWWISE | {"rows": BATCHES, "seed": SEED, "mode": MODE}
GIVEN = {"model": NET, "inputs": X, "targets": Y}
HOLDS = GIVEN | {"rows": ROWS}
POINTS = {"units": (0, 1), "offsets": [0.0, 0.1]}
KERNELS = (
    *("agreement_with_rest", "coherence", "confusion", "diversity"),
    *("example_cosines", "gram_noise_scale", "noise_tests"),
)
MATRICES = (
    *("mean_cosine", "opposed_share", "pairwise_cosines", "noise_scale"),
    *("signal_to_noise", "mean_signal_to_noise"),
)
CALLS = {
    **{
        name: (GIVEN, ROWWISE | {"mode": MODE, "parameters": NAMES})
        for name in ("example_gradients", "example_gram", "example_norms")
    },
    "dose": (
        GIVEN | {"groups": {"g": {"0.bias": 0}}},
        ROWWISE | {"mode": MODE, "groups": GROUPS, "weight_decay": POSITIVE},
    ),
    "example_doses": (GIVEN | {"group": {"0.bias": 0}}, ROWWISE | {"group": GROUP}),
    "Groups": ({"model": NET, "groups": {"g": {"0.bias": 0}}}, {"groups": GROUPS, "model": MODEL}),
    "unit_group": (
        {"model": NET, "layer": "0", "unit": 1},
        {
            "model": MODEL,
            "layer": NAME.filter(lambda v: v != "0"),
            "unit": STEP.filter(
                lambda v: isinstance(v, bool) or not isinstance(v, int) or not -5 <= v < 5
            ),
            "inputs": FEW,
        },
    ),
    "unit_groups": (
        {"model": NET, "layer": "0"},
        {"model": MODEL, "layer": NAME.filter(lambda v: v != "0"), "inputs": FEW},
    ),
    "minibatch_gradients": (HOLDS | {"parameter": "0.bias"}, BATCHWISE | {"parameter": NAME}),
    "per_example_gradients": (GIVEN | {"parameter": "0.bias"}, ROWWISE | {"parameter": NAME}),
    "gradient_landscape": (
        HOLDS | POINTS | {"parameter": "0.bias"},
        BATCHWISE
        | {"parameter": NAME, "units": UNITS, "offsets": OFFSETS}
        | {"masks": MODE, "dtype": st.sampled_from([torch.long, "float", 3, torch.half, X])},
    ),
    "loss_landscape": (
        GIVEN | {"entries": (("0.weight", (1, 2)), ("0.bias", 0)), "offsets": [0.0, 1.0]},
        ROWWISE
        | {"entries": st.one_of(anything, numbers, st.just((("0.bias", 0), ("0.bias", 9))))}
        | {"offsets": OFFSETS},
    ),
    "weight_landscape": (
        HOLDS | POINTS | {"layer": "0", "source": 1},
        BATCHWISE
        | {"layer": NAME.filter(lambda v: v != "0"), "units": UNITS, "offsets": OFFSETS}
        | {"source": st.one_of(STEP.filter(lambda v: v not in (None, 0)), st.just(4))},
    ),
    "layer_passes": (HOLDS | {"names": ["0"]}, BATCHWISE | {"names": NAMES}),
    "tangent_features": (
        {"model": NET, "inputs": X},
        {
            "model": MODEL,
            "inputs": INPUTS.filter(lambda v: not isinstance(v, list)),
            "parameters": NAMES,
            "output": OUTPUT,
        },
    ),
    "output_gradients": (
        {"model": NET, "x": X},
        {
            "model": MODEL,
            "output": NO_TENSOR,
            "x": FEW,
        },
    ),
    "step_changes": (
        {"model": NET, "x": X, "steps": [0.1]},
        {"model": MODEL, "x": FEW, "steps": STEPS, "output": NO_TENSOR},
    ),
    **{name: ({"kernel": KERNEL}, {"kernel": SQUARE}) for name in KERNELS},
    **{
        name: ({"products": KERNEL}, {"products": SQUARE})
        for name in ("product_cosines", "product_ratio")
    },
    "stiffness": (
        {"kernel": KERNEL, "classes": torch.arange(N) % 2},
        {
            "kernel": SQUARE,
            "classes": st.one_of(
                anything.filter(lambda v: v is not None),
                numbers,
                shapes(),
                st.just(-torch.arange(N)),
            ),
        },
    ),
    "gram_products": ({"kernel": KERNEL, "rows": ROWS}, {"kernel": SQUARE, "rows": BATCHES}),
    **{name: ({"gradients": HELD}, {"gradients": MATRIX}) for name in MATRICES},
    "minibatch_means": ({"gradients": HELD, "rows": ROWS}, {"gradients": MATRIX, "rows": BATCHES}),
    "relative_error": (
        {"gradients": HELD, "full": HELD.mean(0)},
        {"gradients": MATRIX, "full": st.one_of(anything, numbers, shapes((7,)), broken(HELD[0]))},
    ),
    "generalization_ratio": ({"gradients": HELD, "n": 4}, {"gradients": MATRIX, "n": POSITIVE}),
    "responsive_units": (
        {"gradients": FIELD[..., 0]},
        {"gradients": st.one_of(anything, numbers, shapes((-1, -1, -1)), broken(FIELD[0]))},
    ),
    "noise_by_source": ({"first": HELD, "second": -HELD}, {"first": MATRIX, "second": MATRIX}),
    "drop_roundoff": (
        {"gradients": HELD},
        {"gradients": st.one_of(anything, numbers, st.sampled_from([HELD.float(), HELD.tolist()]))},
    ),
    "neighbour_angle": (
        {"gradients": FIELD, "step": 1},
        {
            "gradients": st.one_of(
                anything, numbers, shapes((-1, -1, -1, 2)), st.just(FIELD.float())
            ),
            "step": STEP,
        },
    ),
    "unpredictability": (
        {"gradients": FIELD},
        {
            "gradients": st.one_of(
                anything, numbers, shapes((-1, -1, -1, 2)), st.just(FIELD.float())
            )
        },
    ),
    "predicted_generalization": (
        {"noise_scale": 3.0, "n": 4},
        {
            "noise_scale": POSITIVE.filter(lambda v: not isinstance(v, float) or v != math.inf),
            "n": POSITIVE,
        },
    ),
    "predicted_cosine": (
        {"noise_scale": 3.0, "batch_size": 4, "n": 9},
        {"noise_scale": POSITIVE, "batch_size": POSITIVE, "n": POSITIVE},
    ),
    "sample_minibatches": (
        {"n": 9, "batch_size": 4, "count": 2, "seed": 0},
        {"n": COUNTED, "batch_size": COUNTED, "count": COUNTED, "seed": st.floats()},
    ),
}


@st.composite
def bad_calls(draw) -> tuple[str, dict]:
    """A public probe with one to three arguments that do not fit."""
    name = draw(st.sampled_from(sorted(CALLS)))
    given, bad = CALLS[name]
    chosen = draw(st.lists(st.sampled_from(sorted(bad)), min_size=1, max_size=3, unique=True))
    return name, given | {argument: draw(bad[argument]) for argument in chosen}
