"""Times gradbook against the obvious way and other packages; prints Markdown tables."""

from __future__ import annotations

import argparse

from benchmarks import ensemble, evidence, landscape, per_example, track, training
from benchmarks.timing import machine

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


def title(name: str) -> str:
    return name.replace("_", "-").capitalize()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "subject",
        nargs="?",
        choices=[*SUBJECTS, "pages", "latency", "lab"],
        help="default: all but the last three",
    )
    parser.add_argument("--quick", action="store_true", help="a minute of it: unreliable numbers")
    arguments = parser.parse_args()
    if arguments.subject == "pages":
        from benchmarks import pages  # needs a browser and a built book, and none of the peers

        return pages.main()
    if arguments.subject == "latency":
        from benchmarks import latency  # needs a browser and a built book

        return latency.main()
    if arguments.subject == "lab":
        from benchmarks import lab  # needs a browser

        return lab.main()
    print(f"Machine: {machine()}.\n")
    for name in [arguments.subject] if arguments.subject else SUBJECTS:
        effort = SUBJECTS[name].QUICK if arguments.quick else SUBJECTS[name].FULL
        print(f"## {title(name)}\n\n{INTRODUCTIONS[name].format(**vars(effort))}")
        print(f"Ratios are medians of {effort.repeats} paired repeats (lowest–highest).\n")
        for section in SUBJECTS[name].report(effort):
            print(section, flush=True)


if __name__ == "__main__":
    main()
