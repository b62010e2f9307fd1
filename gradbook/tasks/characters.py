"""Seeded learning tasks: a factory returns one frozen `Task`.

The character regression of the minibatch chapter: a row has nine fields, each written as text.
The rule (by default y = 10d) uses one of them, so a network has to find out which field matters
and how to read a number from its characters.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ALPHABET = "0123456789. -:_"
"""The 15 characters a field may hold; ``_`` pads a field on the right to its width."""

FIELD_WIDTHS = {"a": 3, "b": 2, "t": 19, "c": 4, "d": 3, "e": 4, "f": 2, "g": 4, "h": 3}
"""Characters per field, in the order written: 44 in all. ``t`` is a time stamp."""

PADDING = "_"


@dataclass(frozen=True, eq=False)
class Task:
    """A supervised problem, split into training and test rows.

    Attributes:
        name: What is learned, for example ``"y = 10*d"``.
        features: Number of input features.
        train_inputs: Tensor [n_train, …]: float features, or, for one-hot rows, the int64
            positions of the ones [n_train, ones].
        train_targets: Float tensor [n_train, 1].
        test_inputs: Tensor [n_test, …], like the training inputs.
        test_targets: Float tensor [n_test, 1].
        rows: The training rows as text, one string a row (empty where the input is no text).
    """

    name: str
    features: int
    train_inputs: Tensor
    train_targets: Tensor
    test_inputs: Tensor
    test_targets: Tensor
    rows: tuple[str, ...] = ()


def character_regression(
    rule: str = "10*d", *, train: int = 8000, test: int = 2000, seed: int = 0
) -> Task:
    """Rows of nine text fields, one-hot encoded, and a number computed from the fields.

    A one-hot row is given by the positions of its 44 ones; `models.OneHotLinear` reads them.

    Args:
        rule: Arithmetic in the field names ``a b c d e f g h``, for example ``"10*d"`` or
            ``"(c/100)*b"``.
        train: Number of training rows.
        test: Number of test rows.
        seed: Seed of the rows.

    Returns:
        A task of 44 · 15 = 660 features with inputs [rows, 44] and targets [rows, 1].

    Raises:
        ValueError: The rule is no arithmetic, or names no field.
    """
    values = sample_fields(train + test, seed)
    targets = torch.from_numpy(apply_rule(rule, values)).to(torch.float32).unsqueeze(1)
    texts = {name: _as_text(name, values[name]) for name in FIELD_WIDTHS}
    codes = encode(texts)
    inputs = codes + len(ALPHABET) * torch.arange(codes.shape[1])
    characters = np.array(list(ALPHABET))[codes[:train].numpy()]
    return Task(
        f"y = {rule}",
        codes.shape[1] * len(ALPHABET),
        inputs[:train],
        targets[:train],
        inputs[train:],
        targets[train:],
        rows=tuple("".join(row) for row in characters),
    )


def sample_fields(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Draw the values of the nine fields; ``t`` in seconds since 1970, the others numbers.

    Returns:
        Field name to float64 or int64 array [rows].
    """
    generator = torch.Generator().manual_seed(seed)

    def integers(low: int, high: int) -> np.ndarray:
        return torch.randint(low, high + 1, (rows,), generator=generator).numpy()

    return {
        "a": integers(1, 999),
        "b": integers(1, 40),
        "t": integers(1_420_070_400, 1_451_606_399),
        "c": integers(0, 9999),
        "d": integers(0, 170),
        "e": integers(-99, 999) / 10,
        "f": integers(0, 99),
        "g": integers(0, 999) / 100,
        "h": integers(0, 999),
    }


def encode(fields: Mapping[str, Sequence[str]]) -> Tensor:
    """Write fields as character codes, each padded on the right to its width.

    Args:
        fields: Field name to n strings, for every name in `FIELD_WIDTHS`.

    Returns:
        Int64 tensor [n, 44] of positions in `ALPHABET`.

    Raises:
        ValueError: A field is missing or too long, or holds a character outside the alphabet.
    """
    if missing := [name for name in FIELD_WIDTHS if name not in fields]:
        raise ValueError(
            f"expected the fields {list(FIELD_WIDTHS)}, got none for {missing}: add them"
        )
    columns = [_encode_field(name, fields[name], width) for name, width in FIELD_WIDTHS.items()]
    lengths = {name: len(fields[name]) for name in FIELD_WIDTHS}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"expected fields of one length, got {lengths}")
    return torch.from_numpy(np.concatenate(columns, axis=1))


def apply_rule(rule: str, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Evaluate an arithmetic rule on columns of values [n]; see `character_regression`."""
    numbers = sorted(set(FIELD_WIDTHS) - {"t"})
    try:
        tree = ast.parse(rule, mode="eval")
    except SyntaxError as error:
        raise ValueError(
            f"expected arithmetic in the fields {numbers}, such as '10*d', got {rule!r}"
        ) from error
    allowed = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Load)
    operators = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.UAdd, ast.USub)
    for node in ast.walk(tree):
        number = not isinstance(node, ast.Constant) or type(node.value) in (int, float)
        if not isinstance(node, allowed + operators) or not number:
            raise ValueError(f"expected only numbers, fields and + - * / in a rule, got {rule!r}")
        if isinstance(node, ast.Name) and node.id not in numbers:
            raise ValueError(
                f"the rule {rule!r} names {node.id!r}, which is no field: use one of {numbers}"
            )
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names:
        raise ValueError(f"the rule {rule!r} names no field: use at least one of {numbers}")
    columns = {name: np.asarray(values[name], dtype=np.float64) for name in names}
    return eval(compile(tree, "<rule>", "eval"), {"__builtins__": {}}, columns)


def _as_text(name: str, values: np.ndarray) -> np.ndarray:
    if name == "t":
        return np.char.replace(values.astype("datetime64[s]").astype(str), "T", " ")
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(str)
    decimals = 1 if name == "e" else 2
    return np.char.mod(f"%.{decimals}f", values)


def _encode_field(name: str, texts: Sequence[str], width: int) -> np.ndarray:
    texts = np.asarray(texts, dtype=str)
    lengths = np.char.str_len(texts)
    if (lengths > width).any():
        row = int(np.argmax(lengths > width))
        raise ValueError(
            f"field {name!r} holds at most {width} characters, got {str(texts[row])!r} "
            f"({lengths[row]}) in row {row}: shorten it"
        )
    letters = np.char.ljust(texts, width, PADDING).astype(f"<U{width}")
    points = letters.view(np.uint32).reshape(len(texts), width)
    lookup = np.full(max(int(points.max(initial=0)) + 1, 128), -1)
    lookup[[ord(letter) for letter in ALPHABET]] = np.arange(len(ALPHABET))
    codes = lookup[points]
    if (codes < 0).any():
        row, position = np.argwhere(codes < 0)[0]
        raise ValueError(
            f"field {name!r}, row {row}: {chr(points[row, position])!r} is not in the "
            f"alphabet {ALPHABET!r}"
        )
    return codes
