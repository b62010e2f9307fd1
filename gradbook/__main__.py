"""Command line: ``python -m gradbook atlas build [name …]`` or ``… atlas status``."""

from __future__ import annotations

import argparse
import sys

from gradbook import atlas


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gradbook")
    commands = parser.add_subparsers(dest="command", required=True)
    group = commands.add_parser("atlas", help="the measured results that the book draws")
    actions = group.add_subparsers(dest="action", required=True)
    build = actions.add_parser("build", help="measure what is missing or outdated")
    build.add_argument("names", nargs="*", metavar="name", help="experiments (default: all)")
    build.add_argument("--processes", type=int, help="jobs at a time (default: processors)")
    build.add_argument("--force", action="store_true", help="measure again what is up to date")
    actions.add_parser("status", help="which results are up to date")
    options = parser.parse_args(arguments)

    from gradbook import experiments  # loads torch

    names = getattr(options, "names", None) or experiments.NAMES
    failed = False
    for name in names:
        problem = _problem(name)
        if options.action == "build" and (problem or options.force):
            try:
                experiments.build(name, processes=options.processes)
            except ValueError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed = True
                continue
            problem = ""
        print(f"{name}: {problem or 'up to date'}")
        failed |= bool(problem)
    return int(failed)


def _problem(name: str) -> str:
    try:
        atlas.load(name)
    except (FileNotFoundError, ValueError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main())
