"""From a control's input to the painted frame, for every control of the built book's explorers.

Within a frame the control is set and its widget draws; a message that the frame sends itself is
read once the frame is painted. So a time is what the main thread works for one step of a control.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.timing import keep

HTML = Path(__file__).resolve().parents[1] / "_build/html"
SLOWER = 4  # times a throttled processor
STEPS = 24  # of each control
INTRODUCTION = (
    "Made by `python -m benchmarks latency` on the built book: milliseconds from the input on a "
    "control to the painted frame, over {steps} steps of each control of an explorer. To reach: at "
    "full speed one frame, 16.7, at the 95th percentile; on a processor made {slower} times slower "
    "50."
)
SETTLED = """() => document.readyState === "complete"
    && !document.querySelector("[data-widget=loading]")"""
TIMES = """async ([id, steps]) => {
    const shown = document.getElementById(id);
    const frame = (act) => new Promise((done) => requestAnimationFrame(() => {
        const begun = performance.now();
        act();
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now() - begun);
        requestAnimationFrame(() => {});
        port2.postMessage(0);
    }));
    const seen = (control) => control.getClientRects().length && !control.disabled;
    const times = [];
    for (const slider of [...shown.querySelectorAll("input[type=range]")].filter(seen)) {
        const [low, high] = [Number(slider.min), Number(slider.max)];
        for (let k = 0; k < steps; k++) times.push(await frame(() => {
            slider.value = low + Math.round(((high - low) * ((7 * k) % steps)) / (steps - 1));
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        }));
    }
    const radios = [...shown.querySelectorAll("input[type=radio]")].filter((radio) =>
        seen(radio.closest("label")));
    for (let k = 0; k < 2 * radios.length; k++) {
        const radio = radios[k % radios.length];
        if (seen(radio.closest("label"))) times.push(await frame(() => radio.click()));
    }
    for (const button of [...shown.querySelectorAll("[data-control] > button")].filter(seen)) {
        for (let k = 0; k < steps; k++) times.push(await frame(() => button.click()));
    }
    return times;
}"""


def measured(page: Page, folder: Path = HTML) -> dict[str, np.ndarray]:
    """Milliseconds of every step, by page and explorer."""
    times = {}
    for path in sorted((folder / "book").rglob("*.html")):
        if "widget-view" not in path.read_text("utf-8"):
            continue
        page.goto(path.as_uri())
        page.evaluate("window.gradbookWidgetHost?.showAll()")
        page.wait_for_function(SETTLED)
        page.evaluate("document.querySelectorAll('[data-action=show]').forEach((e) => e.click())")
        for name in page.locator("[data-widget]:has(> .gradbook-share)").evaluate_all(
            "all => all.map((element) => element.id)"
        ):
            page.locator(f"[id='{name}']").scroll_into_view_if_needed()
            found = page.evaluate(TIMES, [name, STEPS])
            where = path.relative_to(folder / "book").with_suffix("").as_posix()
            times[f"{where}#{name}"] = np.array(found)
    return times


def table(full: dict[str, np.ndarray], slow: dict[str, np.ndarray]) -> str:
    """Medians and 95th percentiles at both speeds as a Markdown table."""
    lines = [
        f"| explorer | steps | median | 95 % | {SLOWER}× slower: median | 95 % |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for name, times in full.items():
        numbers = [f"{q:.1f}" for one in (times, slow[name]) for q in np.quantile(one, [0.5, 0.95])]
        lines.append(f"| {name} | {len(times)} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure at both speeds and keep the table."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        full = measured(page)
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        slow = measured(page)
        browser.close()
    text = INTRODUCTION.format(steps=STEPS, slower=SLOWER)
    text = f"# Latency of the controls\n\n{text}\n\n{table(full, slow)}\n"
    keep("latency", text)
    print(text)
