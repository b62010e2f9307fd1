"""The kernel-free host: it runs a page's widgets, and says why where it cannot."""

import anywidget
import ipywidgets
import pytest
import traitlets

from explorers import HOST, write_page

LAUNCH = """<div class="dropdown dropdown-launch-buttons"><ul>
<li><a href="https://hub.example/v2/gh/o/r/main?urlpath=lab">Binder</a></li>
<li><a href="https://notebooks.example/github/o/r">Colab</a></li>
<li><button onclick="thebe()">Live Code</button></li></ul></div>"""


def small(esm: str, **traits):
    """An anywidget made of a module's text."""
    return type("Small", (anywidget.AnyWidget,), {"_esm": esm, **traits})()


def test_a_panel_of_a_kernel_says_what_it_adds_and_links_to_the_launch_buttons(tmp_path, visit):
    panel = ipywidgets.VBox([ipywidgets.Button(description="Train")])
    page = write_page(tmp_path, panel)
    page.write_text(page.read_text(encoding="utf-8").replace("<main>", LAUNCH + "<main>"))
    seen = visit(page)
    note = seen.page.locator('[data-widget="needs-kernel"]')
    assert "With a kernel" in note.inner_text()
    links = note.locator("a").evaluate_all("(all) => all.map((a) => [a.textContent, a.href])")
    assert links == [
        ["Open in Binder", "https://hub.example/v2/gh/o/r/main?urlpath=lab"],
        ["Open in Colab", "https://notebooks.example/github/o/r"],
    ]
    assert (seen.messages, seen.foreign) == ([], [])


@pytest.mark.parametrize(
    "esm",
    [
        "export default { render() { throw new Error('the sky fell'); } };",
        "throw new Error('the sky fell');",
        "export default { initialize() { throw new Error('the sky fell'); } };",
    ],
)
def test_a_widget_that_fails_says_why(tmp_path, visit, esm):
    seen = visit(write_page(tmp_path, small(esm)))
    failed = seen.page.locator('[data-widget="failed"]')
    failed.wait_for()
    assert "This widget could not be shown" in failed.inner_text()
    assert "the sky fell" in failed.inner_text()


def test_a_widget_from_elsewhere_is_not_fetched(tmp_path, visit):
    seen = visit(write_page(tmp_path, small("https://elsewhere.example/widget.js")))
    seen.page.locator('[data-widget="failed"]').wait_for()
    assert seen.foreign == []


def test_models_behave_as_in_jupyter(tmp_path, visit):
    """Bytes as DataView, events at once and in order, one initialize for two views."""
    esm = """
    const log = [];
    export default async () => ({
      initialize({ model }) { log.push("initialize " + model.get("count")); },
      render({ model, el }) {
        const view = model.get("data");
        log.push(view instanceof DataView ? [...new Uint8Array(view.buffer)].join() : "?");
        const one = (source, value) => log.push(`one ${value} ${source.get("count")}`);
        const any = () => log.push("any");
        model.on("change:count", one);
        model.on("change", any);
        model.set("count", model.get("count") + 1);
        log.push("set");
        model.set({ count: model.get("count") });
        model.off("change:count", one);
        model.set("count", 10);
        model.off();
        model.set("count", 20);
        model.save_changes();
        el.textContent = log.join("; ");
        return () => { document.title = "cleaned"; };
      },
    });
    """
    widget = small(
        esm,
        count=traitlets.Int(1).tag(sync=True),
        data=traitlets.Bytes(bytes([0, 1, 128, 255])).tag(sync=True),
    )
    seen = visit(write_page(tmp_path, widget, widget))
    views = seen.page.locator('[data-widget="ready"]')
    views.nth(1).wait_for()
    first = "initialize 1; 0,1,128,255; one 2 2; any; set; any"
    assert views.nth(0).inner_text() == first
    second = "0,1,128,255; one 21 21; any; set; any"
    assert views.nth(1).inner_text() == f"{first}; {second}"
    seen.page.evaluate("document.querySelector('[data-widget]').remove()")
    seen.page.wait_for_function("document.title === 'cleaned'")
    assert seen.messages == []


@pytest.mark.parametrize("attribute", ["", "defer", "async"])
def test_the_host_runs_once_however_it_is_loaded(tmp_path, visit, attribute):
    again = f'<script {attribute} src="{HOST.as_uri()}"></script>'
    widget = small("export default { render({ el }) { el.textContent = 'here'; } };")
    page = write_page(tmp_path, widget, head=again)
    text = page.read_text(encoding="utf-8")
    if attribute:
        text = text.replace(again.replace(f"{attribute} ", ""), "")
    page.write_text(text + again, encoding="utf-8")
    seen = visit(page)
    seen.page.wait_for_selector('[data-widget="ready"]')
    assert seen.page.get_by_text("here").count() == 1
    assert seen.messages == []


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_still_gives_way_to_its_widget_alone(tmp_path, visit, wrapped):
    widget = small("export default { render({ el }) { el.textContent = 'moves'; } };")
    page = write_page(tmp_path, widget)
    still = '<div class="gradbook-still">stands</div>'
    still = f'<div class="output">{still}</div>' if wrapped else still
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("</script></div>", f"</script>{still}<p>After it.</p></div>"))
    seen = visit(page)
    seen.page.wait_for_selector('[data-widget="ready"]')
    assert seen.page.locator("main").inner_text().split("\n") == ["moves", "", "After it."]


def test_a_still_stays_where_its_widget_fails(tmp_path, visit):
    page = write_page(tmp_path, small("throw new Error('the sky fell');"))
    text = page.read_text(encoding="utf-8")
    still = '<div class="gradbook-still">stands</div>'
    page.write_text(text.replace("</script></div>", f"</script>{still}</div>"))
    seen = visit(page)
    seen.page.locator('[data-widget="failed"]').wait_for()
    assert seen.page.get_by_text("stands").is_visible()
