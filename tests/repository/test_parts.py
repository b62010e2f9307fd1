"""Widgets' code and data as files beside the pages."""

import json

import anywidget
import pytest
import traitlets

import parts
from explorers import HOST, write_page

MODULE = "const shown = 'here ';\nexport default { render({ model, el }) {\n" + (
    "el.textContent = shown + new Uint8Array(model.get('data').buffer).join(); } };"
)


def small(esm: str = MODULE, data: bytes = b"\x01\x02"):
    kind = type(
        "Small",
        (anywidget.AnyWidget,),
        {
            "_esm": esm,
            "_css": "p { color: red }" + " " * 400,
            "data": traitlets.Bytes(data).tag(sync=True),
        },
    )
    return kind()


def built(folder, *widgets):
    """A page of which each widget's parts are files, as in the built book."""
    (folder / "_static/host").mkdir(parents=True)
    host = folder / "_static/host/widgets.js"
    host.write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
    page = write_page(folder, *widgets)
    text = page.read_text(encoding="utf-8").replace(HOST.as_uri(), host.as_uri())
    page.write_text(parts.moved_out(text, folder), encoding="utf-8")
    return page


def test_widgets_share_their_parts_and_the_page_holds_none(tmp_path, visit):
    page = built(tmp_path, small(), small(data=b"\x03"), small())
    text = page.read_text(encoding="utf-8")
    assert "shown" not in text and "color: red" not in text
    assert len(list((tmp_path / parts.FOLDER).iterdir())) == 4  # a module, a style, two buffers
    seen = visit(page)
    ready = seen.page.locator("[data-widget=ready]")
    ready.nth(2).wait_for()
    assert ready.all_inner_texts() == ["here 1,2", "here 3", "here 1,2"]
    assert seen.messages == []


def test_a_widget_far_below_waits_and_is_asked_for_nothing(tmp_path, visit):
    page = built(tmp_path, small())
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<main>", '<main><p style="height: 9000px">'), encoding="utf-8")
    seen = visit(page)
    seen.page.locator("[data-widget=waiting]").wait_for(state="attached")
    assert not [url for url in seen.requests if parts.FOLDER in url]
    seen.page.mouse.wheel(0, 9000)
    seen.page.locator("[data-widget=ready]").wait_for()


def test_a_part_that_is_missing_is_named(tmp_path, visit):
    page = built(tmp_path, small())
    state = json.loads(parts.STATE.search(page.read_text(encoding="utf-8"))[2])["state"]
    name = next(r["state"]["_esm"]["part"] for r in state.values() if "_esm" in r["state"])
    (tmp_path / parts.FOLDER / f"{name}.js").unlink()
    failed = visit(page).page.locator("[data-widget=failed]")
    failed.wait_for()
    assert f"{name}.js did not load. Reload the page to try again." in failed.inner_text()


@pytest.mark.parametrize(
    "module",
    [
        "const a = 1;",
        "import b from './b.js';\nexport default b;",
        "import { b } from './b.js';\nexport default b;",
        "import './b.js';\nexport default 1;",
        "export const c = 1;",
    ],
)
def test_a_module_that_cannot_be_a_function_is_refused(module):
    with pytest.raises(ValueError, match="expected a module with a default export alone"):
        parts.function(module)


def test_a_module_may_show_python_that_imports():
    module = "const code = `import numpy as np\nimport torch\nfrom gradbook import models`;\n"
    assert "import torch" in parts.function(f"{module}export default code;")
