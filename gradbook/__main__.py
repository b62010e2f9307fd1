"""Command line: ``python -m gradbook`` says what there is, ``report`` and ``evidence`` do it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gradbook.evidence import atlas, claims

OVERVIEW = """\
gradbook: what feeds the features of a neural network, measured.

On your own network, which is left exactly as it was:

    from gradbook import probes

    gradients = probes.example_gradients(network, inputs, targets)  # a row an example
    kernel = probes.example_gram(network, inputs, targets)          # their inner products
    probes.gram_noise_scale(kernel)                                 # useful batch size
    groups = probes.unit_groups(network, "0")                       # the units of a layer
    probes.dose(network, groups, inputs, targets)                   # what feeds them

While a loop of yours trains it:

    from gradbook import track

    with track.Doses(network, every=100, path="run.doses") as doses:
        ...                                                         # the loop as it is

In the shell:

    python -m gradbook report run.doses                # that run as a page, report.html
    python -m gradbook evidence status                 # the verdicts of the book's claims
    python -m gradbook evidence run minibatches-disagree   # run what decides one again

The book: https://github.com/gradbook/gradbook
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gradbook",
        description=OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command")
    report = commands.add_parser("report", help="a tracked run as one page that opens offline")
    report.add_argument("run", help="what `track.Doses` wrote, or `Run.save`")
    report.add_argument("--to", metavar="PAGE", default="report.html", help="default: report.html")
    report.add_argument("--title", help="default: the run's name")
    group = commands.add_parser("evidence", help="the experiments behind the book's claims")
    actions = group.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="run what is missing or outdated")
    run.add_argument(
        "names", nargs="*", metavar="claim", help="claims or experiments (default: all)"
    )
    run.add_argument("--processes", type=int, help="jobs at a time (default: processors)")
    run.add_argument("--dask", metavar="ADDRESS", help="run on the cluster of this Dask scheduler")
    run.add_argument("--again", action="store_true", help="run also what is up to date")
    run.add_argument(
        "--confirmed",
        action="store_true",
        help="run also what earlier code measured and this one only confirmed",
    )
    actions.add_parser("status", help="verdicts, and which results are up to date")
    options = parser.parse_args(arguments)
    if options.command is None:
        print(OVERVIEW, end="")
        return 0
    if options.command == "report":
        return _report(options)
    return _status() if options.action == "status" else _run(options)


def _report(options: argparse.Namespace) -> int:
    from gradbook.track.page import report

    try:
        print(report(options.run, options.to, title=options.title or Path(options.run).stem))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _run(options: argparse.Namespace) -> int:
    from gradbook.evidence import engine  # loads torch

    try:
        names = engine.behind(options.names)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    failed = False
    for name in names:
        if options.again or _problem(name) or (options.confirmed and atlas.load(name).confirmed):
            try:
                engine.run(name, processes=options.processes, dask=options.dask)
            except (OSError, RuntimeError, ValueError) as error:
                print(error, file=sys.stderr)
                failed = True
                continue
        print(f"{name}: up to date")
    return int(failed)


def _status() -> int:
    from gradbook.evidence import registry

    problems = {name: _problem(name) for name in registry.experiments()}
    for name, problem in problems.items():
        print(f"{name}: {problem or 'up to date' + _confirmations(name)}")
    for claim in claims.load():
        judged = claim.experiment is None or not problems[claim.experiment]
        print(f"{claim.id}: {claims.settle(claim).verdict if judged else 'outdated'}")
    return int(any(problems.values()))


def _confirmations(name: str) -> str:
    """Which jobs have given the same bits under later code than the one that measured."""
    told = atlas.load(name).confirmed
    if not told:
        return ""
    jobs = "; ".join(str(job) for job in told[-1]["jobs"])
    return f", measured by earlier code (the same bits under this one: job {jobs})"


def _problem(name: str) -> str:
    try:
        atlas.load(name)
    except (FileNotFoundError, ValueError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main())
