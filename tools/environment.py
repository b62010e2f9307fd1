"""Make `.venv` with the pinned requirements and the package, whole or not at all.

python3 tools/environment.py           # make it, or bring it up to date
python3 tools/environment.py --check   # only say whether this Python will do
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from alone import alone

ROOT = Path(__file__).resolve().parents[1]
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|Temporary failure|Timeout|timed out|ProxyError|"
    r"Connection (refused|reset|aborted|broken)|Network is unreachable|RemoteDisconnected"
)


def check(version: tuple[int, int] = sys.version_info[:2], python: str = sys.executable) -> None:
    """Stop where the book's pins have no wheels."""
    if not (3, 11) <= version <= (3, 13):
        sys.exit(
            f"Python 3.11, 3.12 or 3.13 is needed, and {python} is {version[0]}.{version[1]}. "
            "Name another one, after removing .venv: make book PYTHON=python3.12"
        )


def unreachable(said: str) -> str | None:
    """The one sentence for a pip that found no network, or None if it failed otherwise."""
    lines = [line for line in said.splitlines() if NO_NETWORK.search(line)]
    if not lines:
        return None
    errno = re.search(r"\[Errno -?\d+\] ([^'\")]+)", lines[-1])
    cause = errno[1] if errno else NO_NETWORK.search(lines[-1])[0]
    return (
        f"No network: pip could not reach the package index ({cause}), so the book's packages "
        "were not installed; connect and run the same command again."
    )


def pip(python: Path, *arguments: str) -> None:
    """Run pip; its chatter about retries is kept back."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    said = []
    with subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            said.append(line)
            if not NO_NETWORK.search(line) and not line.startswith("ERROR"):
                print(line, end="", file=sys.stderr, flush=True)
    if process.returncode:
        text = "".join(said)
        errors = "".join(line for line in said if line.startswith("ERROR"))
        raise RuntimeError(unreachable(text) or f"{errors}pip could not install the packages.")


def up_to_date(root: Path) -> bool:
    """Whether the pins and the package's own file are older than the last installation."""
    installed = root / ".venv/.installed"
    needed = [root / "requirements.txt", root / "pyproject.toml"]
    return installed.exists() and installed.stat().st_mtime > max(
        path.stat().st_mtime for path in needed
    )


def install(root: Path) -> None:
    """Make what is missing of `.venv`.

    Raises:
        RuntimeError: With one sentence for the reader, if venv or pip failed.
    """
    folder = root / ".venv"
    python = folder / "bin/python"
    has_pip = [python, "-m", "pip", "--version"]
    works = python.exists() and not subprocess.run(has_pip, capture_output=True).returncode
    if not works and subprocess.run([sys.executable, "-m", "venv", folder]).returncode:
        raise RuntimeError("Python's own venv could not make .venv.")
    pip(python, "-r", str(root / "requirements.txt"))
    pip(python, "--no-deps", "--no-build-isolation", "-e", str(root))
    (folder / ".installed").touch()


def main(root: Path = ROOT) -> None:
    python = root / ".venv/bin/python"
    if python.exists():
        script = "import sys; print(*sys.version_info[:2])"
        found = subprocess.run([python, "-c", script], capture_output=True, text=True)
        if not found.returncode:
            check(tuple(map(int, found.stdout.split())), str(python))
    else:
        check()
    if "--check" in sys.argv:
        return
    # What `kill` sends is to be cleared up after like Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with alone(root, "making .venv"):
        if up_to_date(root):
            return
        there_before = (root / ".venv").exists()
        done = False
        try:
            install(root)
            done = True
        except RuntimeError as error:
            sys.exit(str(error))
        finally:
            if not done and not there_before:
                shutil.rmtree(root / ".venv", ignore_errors=True)


if __name__ == "__main__":
    main()
