"""A server of the built book on this machine, for what a page does over http alone."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HTML = Path(__file__).resolve().parents[2] / "_build/html"


class Typed(SimpleHTTPRequestHandler):
    """Names a type for notebooks, as many servers do."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".ipynb": "application/json"}

    def log_message(self, *arguments) -> None:
        """Say nothing of each request."""


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of the built book."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Typed, directory=str(HTML)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
