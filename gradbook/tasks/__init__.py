"""Seeded learning tasks: a factory returns one frozen `Task`."""

from gradbook.tasks.characters import (
    ALPHABET,
    FIELD_WIDTHS,
    PADDING,
    Task,
    apply_rule,
    character_regression,
    encode,
    sample_fields,
)

__all__ = [
    "ALPHABET",
    "FIELD_WIDTHS",
    "PADDING",
    "Task",
    "apply_rule",
    "character_regression",
    "encode",
    "sample_fields",
]
