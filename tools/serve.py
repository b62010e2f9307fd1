"""Show the built book on localhost: `python tools/serve.py 8000`."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parents[1] / "_build/html"


class Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve(port: int, folder: Path = HTML) -> Server:
    """A server of a folder on a port of this machine alone.

    Raises:
        OSError: If the port is taken, or needs more rights.
    """
    return Server(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=folder))


def next_free(port: int) -> int:
    """The first port above one on which a server can start."""
    for candidate in range(port + 1, 65536):
        try:
            serve(candidate).server_close()
        except OSError:
            continue
        return candidate
    raise ValueError(f"expected a port with a free one above it, got {port}")


def main(port: int) -> None:
    try:
        server = serve(port)
    except OSError as error:
        free = next_free(max(port, 1023))
        sys.exit(f"Port {port} cannot be used ({error.strerror}): make serve PORT={free}")
    print(f"The book is at http://127.0.0.1:{port}/ until Ctrl-C", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main(int(sys.argv[1]))
