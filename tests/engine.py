"""The page's engine in Node.js, beside PyTorch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "gradbook/widgets/engine.js"


def evaluate(expression: str) -> Any:
    """Value of a JavaScript expression, `lab` being the engine; arrays become lists."""
    program = shutil.which("node")
    if program is None:
        message = "expected node on the path: install Node.js to compare the lab with Python"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    script = (
        f"require({json.dumps(str(ENGINE))}); const lab = globalThis.gradbookLab;"
        f" console.log(JSON.stringify({expression},"
        " (_, v) => ArrayBuffer.isView(v) ? Array.from(v) : typeof v === 'bigint' ? `${v}` : v));"
    )
    ran = subprocess.run([program, "-e", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def course(**job: Any) -> list[dict[str, Any]]:
    """All records of a training, that before the first step too."""
    return evaluate(f"(c => [c.look(), ...c.burst(1e9)])(new lab.Course({json.dumps(job)}))")
