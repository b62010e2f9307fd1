"""Who presses and reads a lab in a page."""

from __future__ import annotations


class Reader:
    """Who presses and reads one lab of a page."""

    def __init__(self, page, number: int = 0) -> None:
        self.page = page
        self.root = page.locator(".gradbook-lab").nth(number)
        self.root.wait_for()

    def press(self, name: str) -> None:
        self.root.locator(f"[data-action={name}]").click()

    def choose(self, name: str, value: str) -> None:
        self.root.locator(f"[data-control={name}]").get_by_label(value, exact=True).check()

    def enter(self, name: str, value: object) -> None:
        field = self.root.locator(f"[data-control={name}] input")
        field.fill(f"{value}")
        field.press("Enter")
        field.blur()

    def wait_for(self, done: int) -> dict:
        """The record once so many steps are done."""
        self.page.wait_for_function(
            "([root, done]) => +root.dataset.done >= done && root.dataset.running === 'false'",
            arg=[self.root.element_handle(), done],
        )
        return self.root.evaluate("(root) => root.record")

    def wrong(self, name: str) -> str:
        return self.root.locator(f"[data-control={name}] .wrong").inner_text()

    def in_python(self) -> dict:
        """What the cell leaves that repeats the training."""
        names: dict = {}
        exec(self.root.locator("pre code").text_content(), names)
        return names
