"""Build the lab: C to WebAssembly, and all of `lab/` to one script in the package.

    python tools/build_lab.py          # build
    python tools/build_lab.py --check  # build beside it, and compare

The script and its checksum are committed. clang and wasm-ld 19 give the same bytes again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAB, BUILT = ROOT / "lab", ROOT / "gradbook/widgets/engine.js"
PARTS = (
    *("random", "elementary", "draws", "kernels", "network", "data", "garden", "moons"),
    *("landscape", "characters", "examples", "features", "course"),
)
SOURCES = (LAB / "layers.c", LAB / "learning.c")
CLANG = "clang-19"
FLAGS = (
    *("--target=wasm32", "-O3", "-msimd128", "-mbulk-memory", "-ffp-contract=off"),
    *("-fno-unroll-loops", "-fno-math-errno", "-nostdlib", "-fvisibility=hidden"),
    *("-Wall", "-Wextra", "-Wl,--no-entry", "-Wl,--export-dynamic", "-Wl,--import-memory"),
    *("-Wl,--strip-all", "-Wl,-z,stack-size=4096"),
)
KINDS = {"float32": "float", "float64": "double"}


def compiled(real: str) -> bytes:
    """The kernels as WebAssembly, for one kind of number."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kernels.wasm"
        command = [CLANG, *FLAGS, f"-DREAL={real}", *SOURCES, "-o", out]
        subprocess.run(command, check=True)
        return out.read_bytes()


def script(wasm: dict[str, bytes]) -> str:
    """One classic script that defines `gradbookLab`."""
    parts = []
    for name in PARTS:
        text = (LAB / f"{name}.js").read_text("utf-8")
        text = re.sub(
            r'^(?:"use strict";|if \(typeof (?:module|require).*)\n', "", text, flags=re.M
        )
        text = re.sub(r"^ *(?://|/\*\*|\*/|\*(?: |$)).*\n", "", text, flags=re.M)
        parts.append(re.sub(r"^ +", "", text, flags=re.M).strip())
    coded = {kind: code.hex() for kind, code in wasm.items()}  # gzipped, base64 is a third longer
    body = "\n".join(parts)
    return (
        "/* Built from lab/ by tools/build_lab.py: change the sources, and run `make lab`. */\n"
        f'(() => {{\n"use strict";\nconst WASM = {coded};\n{body}\n}})();\n'
    )


def checksum(text: str) -> str:
    """SHA-256 of the script, as `sha256sum` writes it."""
    return f"{hashlib.sha256(text.encode()).hexdigest()}  {BUILT.name}\n"


def main(check: bool = False) -> None:
    if shutil.which(CLANG) is None:
        sys.exit(f"expected {CLANG} and wasm-ld-19 on the path: apt-get install clang-19 lld-19")
    text = script({kind: compiled(real) for kind, real in KINDS.items()})
    if check:
        if text != BUILT.read_text("utf-8"):
            sys.exit(f"{BUILT} is not what lab/ gives: run `make lab` and commit it")
        return
    BUILT.write_text(text, encoding="utf-8")
    BUILT.with_suffix(".sha256").write_text(checksum(text), encoding="utf-8")


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
