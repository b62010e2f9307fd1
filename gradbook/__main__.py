"""Command line: ``python -m gradbook evidence run [claim …]`` or ``… evidence status``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from gradbook import atlas, claims


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gradbook")
    commands = parser.add_subparsers(dest="command", required=True)
    group = commands.add_parser("evidence", help="the experiments behind the book's claims")
    actions = group.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="run what is missing or outdated")
    run.add_argument(
        "names", nargs="*", metavar="claim", help="claims or experiments (default: all)"
    )
    run.add_argument("--processes", type=int, help="jobs at a time (default: processors)")
    run.add_argument("--dask", metavar="ADDRESS", help="run on the cluster of this Dask scheduler")
    run.add_argument("--again", action="store_true", help="run also what is up to date")
    actions.add_parser("status", help="verdicts, and which results are up to date")
    options = parser.parse_args(arguments)
    return _status() if options.action == "status" else _run(options)


def _run(options: argparse.Namespace) -> int:
    from gradbook import evidence  # loads torch

    try:
        names = evidence.behind(options.names)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    failed = False
    for name in names:
        if options.again or _problem(name):
            try:
                evidence.run(name, processes=options.processes, dask=options.dask)
            except (OSError, RuntimeError, ValueError) as error:
                print(error, file=sys.stderr)
                failed = True
                continue
        print(f"{name}: up to date")
    return int(failed)


def _status() -> int:
    from gradbook.experiments import NAMES

    problems = {name: _problem(name) for name in NAMES}
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
