"""Times gradbook against the obvious way and other packages, into the tables of `results`."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from benchmarks import ensemble, evidence, landscape, per_example, track, training
from benchmarks.timing import keep, machine

SUBJECTS = {
    "landscape": landscape,
    "per_example": per_example,
    "training": training,
    "ensemble": ensemble,
    "evidence": evidence,
    "track": track,
}
INTRODUCTIONS = {
    "landscape": """\
Gradient landscape of the 3.5-million-parameter network, {minibatches} minibatches of 64, offsets
−0.05…0.05. Seconds are for the whole work: where a way is timed on M minibatches or a part of the
grid, the time is scaled up.""",
    "per_example": """\
Gradients of single rows in all parameters of a network of widths {widths}, after one epoch; L1
loss, evaluation mode, float32. Memory is what the process grows by during one call, at most.""",
    "training": """\
Training of the same network, {rows} rows, {epochs} epochs a run, minibatches of 64; after every
epoch an evaluation on {test} test rows and as many training rows. A process of its own trains
twice: the first training pays what is imported on the way, the next does not.""",
    "ensemble": """\
{members} small nets with logistic loss, {rows} rows, all of them at every of {steps} steps.""",
    "evidence": """\
The order experiment on the full network: {seeds} seeds with two trainings each; epochs a training:
{epochs}.""",
    "track": """\
What `gradbook.track` adds to a training, AdamW, {rows} rows a step and {held} held ones: a plain
and a recorded step in turn, in one process.""",
}


ELSEWHERE = ("pages", "latency", "lab")
"""What is measured in a browser, and for the first two in a built book."""


def parts(name: str, quick: bool) -> Iterator[str]:
    """A subject as it is measured: on what machine, how, and table by table."""
    subject = SUBJECTS[name]
    effort = subject.QUICK if quick else subject.FULL
    yield f"# {name.replace('_', '-').capitalize()}\n"
    yield f"Made by `python -m benchmarks {name}`. {machine()}.\n"
    yield INTRODUCTIONS[name].format(**vars(effort))
    yield f"Ratios are medians of {effort.repeats} paired repeats (lowest–highest).\n"
    yield from subject.report(effort)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "subject",
        nargs="?",
        choices=[*SUBJECTS, *ELSEWHERE],
        help="default: all but the last three",
    )
    parser.add_argument(
        "--quick", action="store_true", help="minutes of it: unreliable numbers, not kept"
    )
    arguments = parser.parse_args()
    if arguments.subject in ELSEWHERE:
        return importlib.import_module(f"benchmarks.{arguments.subject}").main()
    for name in [arguments.subject] if arguments.subject else SUBJECTS:
        told = []
        for part in parts(name, arguments.quick):
            print(part, flush=True)
            told.append(part)
        if not arguments.quick:
            keep(name, "\n".join(told))


if __name__ == "__main__":
    main()
