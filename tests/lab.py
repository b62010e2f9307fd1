"""A JupyterLab of the tests' own, and a notebook that is open in it."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Page

OPTIONS = (
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--ServerApp.open_browser=False",
    "--ServerApp.allow_root=True",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
FOLDERS = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
STATE = """() => {
  const { content } = jupyterapp.shell.currentWidget;
  return {
    active: content.activeCellIndex,
    mode: content.mode,
    selected: content.selectedCells.length,
    folded: content.widgets.filter((cell) => cell.headingCollapsed).length,
    cells: content.widgets.map(({ model }) => `${model.type}: ${model.sharedModel.source}`),
    outputs: content.widgets.map(({ model }) => model.outputs?.length ?? 0),
  };
}"""


@dataclass(frozen=True)
class Lab:
    """A running server.

    Attributes:
        url: Its address on this machine, ending in a slash.
        token: What it asks for.
        folder: Where its notebooks lie.
    """

    url: str
    token: str
    folder: Path

    def open(self, page: Page, cells: dict[str, str]) -> "Notebook":
        """Show a new notebook, a heading above each of some cells of code, all of them run."""
        notebook = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
        )
        for title, code in cells.items():
            notebook.cells.append(nbformat.v4.new_markdown_cell(f"# {title}"))
            notebook.cells.append(nbformat.v4.new_code_cell(code))
        name = f"{secrets.token_hex(4)}.ipynb"
        nbformat.write(notebook, self.folder / name)
        page.goto(f"{self.url}lab/tree/{name}?token={self.token}")
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        )
        opened = Notebook(page)
        opened.execute("notebook:run-all-cells", wait=False)
        return opened


@dataclass(frozen=True)
class Notebook:
    """The notebook a page shows."""

    page: Page

    def state(self) -> dict:
        """What no key may change: the cells, which of them are active, selected and folded."""
        return self.page.evaluate(STATE)

    def execute(self, command: str, *, wait: bool = True) -> None:
        """Do what one of JupyterLab's menus would."""
        done = f"jupyterapp.commands.execute({json.dumps(command)})"
        self.page.evaluate(done if wait else f"{{ {done}; null }}")

    def python(self, code: str, *, value: str = "None", wait: bool = True) -> str | None:
        """Run code as a cell would be run, and give the representation of a value."""
        request = json.dumps({"code": code, "user_expressions": {"value": value}})
        done = f"{KERNEL}.requestExecute({request})"
        if not wait:
            return self.page.evaluate(f"{{ {done}; null }}")
        reply = self.page.evaluate(f"{done}.done")["content"]
        assert reply["status"] == "ok", reply
        return reply["user_expressions"]["value"]["data"]["text/plain"]


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """A JupyterLab with settings of its own, on a free port of this machine."""
    token, notebooks = secrets.token_hex(16), folder / "notebooks"
    notebooks.mkdir()
    own = {f"JUPYTER_{name}": str(folder / name.lower()) for name in FOLDERS}
    own |= {f"JUPYTERLAB_{name}_DIR": str(folder / name) for name in ("SETTINGS", "WORKSPACES")}
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.root_dir={notebooks}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, f"--IdentityProvider.token={token}"],
            env=os.environ | own,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Lab(_address(server, folder), token, notebooks)
        finally:
            server.terminate()
            server.wait(20)


def _address(server: subprocess.Popen, folder: Path, patience: float = 60) -> str:
    info = folder / "runtime_dir" / f"jpserver-{server.pid}.json"
    end = time.monotonic() + patience
    while time.monotonic() < end and server.poll() is None:
        if info.exists() and (text := info.read_text("utf-8")).endswith("}"):
            return json.loads(text)["url"]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(folder / 'log').read_text('utf-8')[-2000:]}")
