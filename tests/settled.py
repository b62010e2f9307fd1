"""When a page has come to rest: loaded, and every widget shown or refused, the far ones too."""

import time

SETTLED = """() => document.readyState === "complete"
    && (window.gradbookWidgetHost?.showAll(), !document.querySelector("[data-widget=loading]"))"""


def settle(page, seconds: float = 60) -> None:
    """Wait for a page or a frame, under any policy of its own."""
    end = time.monotonic() + seconds
    while not page.evaluate(SETTLED):
        assert time.monotonic() < end, "the page did not come to rest"
        time.sleep(0.05)
