"""The slides of a chapter, made of the blocks of its page.

A page's first cell gives question and stake, its first widget the explorer that opens the lecture,
its bullets what is true, "So what?" the takeaways, and its quiz the quiz. What else is shown is
named in the notebook, by the metadata ``slides`` of a cell, in the order of the page:

    ["bet"]                     a bet and, on the next slide, what the seeds say with its figure
    ["explorer"], ["figure"], ["table"]
    ["control"]                 the figure of a control experiment; ["control:Table 3"] by its name
    [["First words of", "$$ab"]]  a step of the derivation for each list: the sentences and formulas
                                of this cell that begin so
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

import slide_text as text
from slide_text import html, inline

STATE = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', re.S
)
VIEW = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.S
)
CAPTION = re.compile(r'<p class="gradbook-caption".*?<strong>(.*?)</strong> (.*?)</p>', re.S)
NAMED = re.compile(r"<figcaption><b>(\w+ \d+)\.</b>")
HEADING = re.compile(r"^##+ (.+?)(?: *<.*)?$", re.M)

SPOKEN = 120
"""Words a minute, spoken."""
FORMULA, PICTURE = 0.5, 1.0
"""Minutes to write or read one, beside the words."""
ALLOWANCE = {"explorer": 3, "bet": 3, "reveal": 1, "control": 1, "findings": 2, "quiz": 7}
"""Minutes of a slide's kind beside words and pictures: to play, to count hands, to argue."""

WELCOME = "Read the question aloud. Ask for two guesses and their reasons, and answer nothing yet."


@dataclass
class Slide:
    """One slide.

    Attributes:
        kind: ``"question"``, ``"stake"``, ``"explorer"``, ``"bet"``, ``"reveal"``, ``"step"``,
            ``"table"``, ``"figure"``, ``"control"``, ``"findings"``, ``"takeaways"`` or ``"quiz"``.
        title: Shown at the top; HTML.
        body: What it shows; HTML.
        notes: What the speaker says or does; Markdown.
        models: Ids of the widgets on it.
        meta: Of the bet or quiz on it.
    """

    kind: str
    title: str
    body: str = ""
    notes: str = ""
    models: list[str] = field(default_factory=list)
    meta: dict = field(default_factory=dict)

    @property
    def minutes(self) -> float:
        """From its words, spoken, its formulas and its pictures, in halves, from one half."""
        result = self.meta["result"] if self.kind == "reveal" else ""
        body = NAMED.sub("", self.body)
        spoken = sum(map(text.words, (self.title, body, result, self.notes)))
        drawn = self.body.count("<img") + self.body.count("<table")
        formulas = self.body.count('class="formula"')
        exact = spoken / SPOKEN + FORMULA * formulas + PICTURE * drawn + ALLOWANCE.get(self.kind, 0)
        return max(0.5, round(2 * exact) / 2)


@dataclass
class Page:
    """A chapter's notebook, and what the built page knows of its widgets.

    Attributes:
        name: Such as ``"gradient_dosage"``.
        cells: Of the notebook.
        records: Model id to a widget's state.
        views: For each cell the ids of the widgets that it shows.
    """

    name: str
    cells: list
    records: dict
    views: list[list[str]]

    @classmethod
    def read(cls, notebook: Path, built: Path) -> Page:
        """Read both files of a chapter.

        Raises:
            ValueError: They do not show the same widgets: the page is older than the notebook.
        """
        cells = nbformat.read(notebook, as_version=4).cells
        page = built.read_text(encoding="utf-8")
        state = STATE.search(page)
        ids = [json.loads(view)["model_id"] for view in VIEW.findall(page)]
        counts = [sum("gradbook-still" in out for out in _outputs(cell)) for cell in cells]
        if not state or sum(counts) != len(ids):
            raise ValueError(f"expected {sum(counts)} widgets in {built}, got {len(ids)}: build it")
        queue = iter(ids)
        views = [[next(queue) for _ in range(count)] for count in counts]
        return cls(notebook.stem, cells, json.loads(state[1])["state"], views)

    def meta(self, model: str) -> dict:
        """What a widget asks."""
        return self.records[model]["state"].get("meta", {})

    def kind(self, model: str) -> str:
        """``"bet"``, ``"quiz"``, ``"answer"``, ``"score"`` or ``"explorer"``."""
        meta = self.meta(model)
        last = self.records[model]["state"]["_anywidget_id"].rsplit(".", 1)[-1].lower()
        if "result" in meta and "question" in meta:
            return "bet"
        return last if last in ("quiz", "answer", "score") else "explorer"


def _outputs(cell) -> list[str]:
    return [out.get("data", {}).get("text/html", "") for out in cell.get("outputs", ())]


def deck(page: Page) -> list[Slide]:
    """All slides of a chapter, in the order of the page, what is true behind the last bet."""
    first = text.paragraphs(page.cells[0].source)[0]
    title = inline(re.match(r"# (.+)", page.cells[0].source)[1])
    question, stake = " ".join(first).split("**")[1:3]
    slides = [
        Slide("question", title, f"<p class='large'>{inline(question)}</p>", WELCOME),
        Slide("stake", "What is at stake", html(stake.strip()) + _goals(page), _needs(page)),
    ]
    heading, findings = title, []
    for number, cell in enumerate(page.cells):
        if cell.cell_type == "markdown":
            slides += _steps(cell, heading)
            heading = ([heading] + [inline(name) for name in HEADING.findall(cell.source)])[-1]
            continue
        wanted = list(cell.metadata.get("slides", ()))
        if page.views[number] and len(slides) == 2:
            wanted = ["explorer", *wanted]
        for what in wanted:
            slides += _shown(page, number, what, heading)
        if "what-is-true" in "".join(_outputs(cell)):
            findings = [Slide("findings", "What is true", *_findings(cell))]
    steps = [slide for slide in slides if slide.kind == "step"]
    for number, slide in enumerate(steps, 1):
        slide.title += f" <small>Step {number} of {len(steps)}</small>"
    slides += [*findings, _takeaways(page), _quiz(page)]
    shown = {name for slide in slides for name in NAMED.findall(slide.body)}
    drawn = 0
    for number, slide in enumerate(slides, 1):
        slide.body = text.pointed(slide.body, shown, drawn)
        slide.notes = text.pointed(slide.notes, shown, drawn)
        drawn = number if slide.models or NAMED.search(slide.body) else drawn
    return slides


def _goals(page: Page) -> str:
    box = next(c.source for c in page.cells if "You will be able to" in c.source)
    goals = re.search(r"<b>You will be able to</b> (.*?)</p>", box, re.S)[1].rstrip(".")
    return (
        "<p>Afterwards you can</p><ul>"
        + "".join(f"<li>{g}</li>" for g in goals.split("; "))
        + "</ul>"
    )


def _needs(page: Page) -> str:
    box = next(c.source for c in page.cells if "<b>You need</b>" in c.source)
    needs = re.search(r"<b>You need</b> (.*?)</p>", box, re.S)[1]
    return f"They need {re.sub('<[^>]+>', '', needs)} Ask who has met each."


def _steps(cell, heading: str) -> list[Slide]:
    found = []
    for starts in cell.metadata.get("slides", ()):
        lines = text.chosen(cell.source, starts)
        body = "".join(html(" ".join(line)) for line in lines)
        first = r"\s+".join(map(re.escape, lines[0][0].split()[:2]))
        above = HEADING.findall(re.split(first, text.plain(cell.source))[0])
        title = inline(above[-1]) if above else heading
        found.append(Slide("step", title, body, text.others(cell.source, lines)))
    return found


def _shown(page: Page, number: int, what: str, heading: str) -> list[Slide]:
    """What a code cell shows under one name of its metadata."""
    kinds = {page.kind(model): model for model in reversed(page.views[number])}
    if what in ("bet", "explorer") and what not in kinds:
        raise ValueError(f"expected a cell with {what!r}, got cell {number} of {page.name}")
    if what == "explorer":
        model = kinds["explorer"]
        return [Slide("explorer", heading, "", _play(page, number), [model])]
    if what == "bet":
        meta = page.meta(kinds["bet"])
        figure = _drawn(page.cells[number], "figure")
        said = _before(page.cells, number)
        bet = Slide("bet", inline_html(meta["question"]), "", said, [], meta)
        short, rest = text.shortened(meta["result"], 60)
        said = f"{rest} {_after(page.cells, number)}"
        return [
            bet,
            Slide("reveal", "What the seeds say", figure, said, [], meta | {"result": short}),
        ]
    kind, _, which = what.partition(":")
    body = _drawn(page.cells[number], which or kind.replace("control", "figure"))
    if not body:
        raise ValueError(f"expected a cell with a {what}, got cell {number} of {page.name}")
    return [Slide(kind, heading, body, _before(page.cells, number))]


def inline_html(text_: str) -> str:
    """HTML of a widget without its outer paragraph."""
    return re.sub(r"^<p>(.*)</p>$", r"\1", text_.strip(), flags=re.S)


def _drawn(cell, what: str) -> str:
    """A cell's figure or table with its caption: the first, or the one of a name."""
    found, last = "", ""
    for out in cell.outputs:
        data = out.get("data", {})
        shown = data.get("text/html", "")
        if "image/png" in data:
            last = f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">'
        elif "gradbook-table" in shown:
            last = shown
        elif last and (caption := CAPTION.search(shown)):
            first = what == ("figure" if "<img" in last else "table")
            if not found and (first or caption[1].rstrip(".") == what):
                alt = re.sub(r"<[^>]+>|\"", "", caption[2])
                last = last.replace('alt=""', f'alt="{alt}"')
                told = f"<b>{caption[1]}</b> {caption[2]}"
                found = f"<figure>{last}<figcaption>{told}</figcaption></figure>"
            last = ""
    return found


def _before(cells: list, number: int) -> str:
    """The last paragraphs before a cell, which lead to it."""
    for cell in reversed(cells[:number]):
        if cell.cell_type == "markdown":
            return text.last(HEADING.split(cell.source)[-1])
    return ""


def _after(cells: list, number: int) -> str:
    """The first paragraph behind a cell, which says what follows."""
    after = cells[number + 1]
    if after.cell_type != "markdown" or after.source.lstrip().startswith("#"):
        return ""
    return text.first(HEADING.split(after.source)[0])


def _play(page: Page, number: int) -> str:
    """What to try: the page's own words before or behind an explorer."""
    after = page.cells[number + 1].source
    if after.startswith("**Try it.**"):
        return text.first(after)
    return _before(page.cells, number)


def _findings(cell) -> tuple[str, str]:
    shown = next(out for out in _outputs(cell) if "what-is-true" in out)
    items = []
    for claim, rest in re.findall(r"<li><strong>(.*?)</strong>(.*?)</li>", shown, re.S):
        mark, verdict = re.findall(r"\((\S) <a[^>]*>(.*?)</a>\)", rest)[-1]
        scope = re.split(r"(?<=\.) ", re.sub(r"<[^>]+>", "", rest).strip())[0]
        items.append(f'<li><b title="{verdict}">{mark}</b> {claim} <small>{scope}</small></li>')
    notes = "For each line: which bet of today was this? When does it hold, and when does it fail?"
    return f'<ul class="claims">{"".join(items)}</ul>', notes


def _takeaways(page: Page) -> Slide:
    said = [c.source for c in page.cells if c.cell_type == "markdown"]
    part = "\n\n".join(said).split("## So what?")[1].split("\n## ")[0]
    sentences = [sentence for line in text.paragraphs(part) for sentence in line]
    items = "".join(f"<li>{inline(sentence)}</li>" for sentence in sentences)
    return Slide(
        "takeaways",
        "So what?",
        f"<ul>{items}</ul>",
        "Ask for one case of each from their own work.",
    )


def _quiz(page: Page) -> Slide:
    model = next(m for views in page.views for m in views if page.kind(m) == "quiz")
    notes = (
        "Hands for each choice, then one step further for the answers. About a minute a question."
    )
    return Slide("quiz", "Quiz", "", notes, [], page.meta(model))
