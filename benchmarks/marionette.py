"""Firefox through its own protocol, Marionette: JSON over a socket, no driver to install.

Source: https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

OPTIONS = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote")
NAMES = ("firefox-esr", "firefox")


class Firefox:
    """A headless Firefox with a fresh profile and the network off.

    Args:
        folder: Where its profile may lie.

    Raises:
        FileNotFoundError: If there is none on the path.
        TimeoutError: If it does not answer within a minute.
    """

    def __init__(self, folder: Path) -> None:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        if path is None:
            raise FileNotFoundError("Firefox was not found (Debian: `apt-get install firefox-esr`)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"marionette.port": port, "network.dns.forceResolve": "127.0.0.1"}
        lines = [f'user_pref("{key}", {json.dumps(value)});' for key, value in settings.items()]
        (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")
        self.process = subprocess.Popen(
            [path, *OPTIONS, "--profile", str(folder)],
            env=os.environ | {"HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.sent = 0
        self.socket = self._connect(port)
        self._receive()
        self.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})

    @staticmethod
    def _connect(port: int) -> socket.socket:
        for _ in range(600):
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("expected an answer of Firefox within a minute")

    def _read(self, count: int) -> bytes:
        data = self.socket.recv(count)
        if not data:
            raise ConnectionError("expected an answer of Firefox, which has closed")
        return data

    def _receive(self):
        length = b""
        while not length.endswith(b":"):
            length += self._read(1)
        data = b""
        while len(data) < int(length[:-1]):
            data += self._read(int(length[:-1]) - len(data))
        return json.loads(data)

    def call(self, name: str, parameters: dict | None = None):
        """Send a command and return its result's value."""
        self.sent += 1
        message = json.dumps([0, self.sent, name, parameters or {}]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{name}: {error['message']}")
        return result.get("value") if isinstance(result, dict) else result

    def open(self, address: str) -> None:
        self.call("WebDriver:Navigate", {"url": address})

    def evaluate(self, script: str):
        """The value of a function's body; promises are waited for."""
        body = f"(async () => {{ {script} }})().then(arguments[arguments.length - 1])"
        return self.call("WebDriver:ExecuteAsyncScript", {"script": body, "args": []})

    def errors(self) -> list[str]:
        """What pages' scripts have thrown since the last call."""
        self.call("Marionette:SetContext", {"value": "chrome"})
        found = self.call(
            "WebDriver:ExecuteScript",
            {
                "script": """
                const all = Services.console.getMessageArray();
                Services.console.reset();
                return all.filter((m) => m instanceof Ci.nsIScriptError
                    && m.category === "content javascript" && !(m.flags & m.warningFlag))
                    .map((m) => m.errorMessage);""",
                "args": [],
            },
        )
        self.call("Marionette:SetContext", {"value": "content"})
        return found

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=30)
