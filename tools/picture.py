"""Draw the README's moving picture from the shipped garden: `make picture`.

Two gardens of eight recognizers grow for 25 epochs, without decay and with it. Heights are
measured: the mean norm over the twenty seeds of `diets`. Colours are predicted: with weight decay
λ a recognizer survives if its feature's frequency p is above λ.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradbook.evidence import atlas
from gradbook.figures.style import GREEN, GREY, VERMILION

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "book/_static/garden.svg"
DECAY = 0.02
WIDTH, HEIGHT, GROUND, TALLEST, BAR, STEP = 720, 300, 224, 140, 26, 40
LEFT = (40, 392)
SECONDS, GROWING = 8, 0.75  # of a round, in which the gardens grow; then they stand still

HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" \
aria-labelledby="t d">
<title id="t">Two gardens of recognizers grow, without and with weight decay</title>
<desc id="d">{{description}}</desc>
<style>
text {{{{ font: 15px sans-serif; fill: #222; text-anchor: middle }}}}
.small {{{{ font-size: 12px }}}}
rect.bar, rect.time {{{{ transform-box: fill-box; transform-origin: 50% 100%; \
animation: {SECONDS}s linear infinite }}}}
rect.time {{{{ transform-origin: 0 0 }}}}
@media (prefers-reduced-motion: reduce) {{{{ rect.bar, rect.time {{{{ animation: none }}}} }}}}
{{keyframes}}
</style>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>
"""


def norms(decay: float) -> np.ndarray:
    """Mean norm over seeds [epochs + 1, recognizers], under a weight decay; 0 is no diet."""
    results = atlas.load("diets")
    runs = [(name, s) for name, strengths in results.config["diets"] for s in strengths]
    run = runs.index(("weight decay", decay) if decay else ("none", 0.0))
    return results["norm"][:, run].astype(float).mean(axis=0)


def frequencies() -> list[float]:
    """How often each recognizer's feature appears [recognizers]."""
    return atlas.load("diets").config["frequencies"]


def keyframes(name: str, shares: np.ndarray) -> str:
    """An animation of a bar; shares [epochs + 1] are those of its drawn height."""
    times = 100 * GROWING * np.arange(len(shares)) / (len(shares) - 1)
    frames = [f"{t:.4g}%{{transform:scaleY({s:.3f})}}" for t, s in zip(times, shares, strict=True)]
    return f"@keyframes {name}{{{''.join(frames)}100%{{transform:scaleY({shares[-1]:.3f})}}}}"


def draw() -> str:
    """The picture, an SVG that moves unless its reader prefers that it does not."""
    gardens = [(0.0, norms(0.0)), (DECAY, norms(DECAY))]
    scale = TALLEST / max(grown.max() for _, grown in gardens)
    moving = [f"@keyframes time{{0%{{transform:scaleX(0)}}{100 * GROWING:g}%{{transform:none}}}}"]
    body = []
    for left, (decay, grown) in zip(LEFT, gardens, strict=True):
        middle = left + (7 * STEP + BAR) / 2
        title = f"weight decay λ = {decay:g}" if decay else "no weight decay"
        body.append(f'<text x="{middle:g}" y="30">{title}</text>')
        for number, frequency in enumerate(frequencies()):
            name = f"g{left}b{number}"
            tallest = grown[:, number].max()
            shares = grown[:, number] / tallest
            moving.append(keyframes(name, shares))
            x, height = left + number * STEP, scale * tallest
            colour = GREEN if frequency > decay or not decay else VERMILION
            style = f"animation-name:{name};transform:scaleY({shares[-1]:.3f})"
            body.append(
                f'<rect class="bar" style="{style}" x="{x}" y="{GROUND - height:.1f}" '
                f'width="{BAR}" height="{height:.1f}" fill="{colour}"/>'
            )
            label = f"{100 * frequency:g}"
            body.append(f'<text class="small" x="{x + BAR / 2:g}" y="{GROUND + 18}">{label}</text>')
        body.append(
            f'<path d="M{left - 8} {GROUND}h{8 * STEP}" stroke="{GREY}"/>'
            f'<text class="small" x="{middle:g}" y="{GROUND + 38}">'
            "how often its feature appears, %</text>"
            f'<rect class="time" style="animation-name:time" x="{left - 8}" y="{GROUND + 52}" '
            f'width="{8 * STEP}" height="4" fill="{GREY}"/>'
        )
    head = HEAD.format(description=description(), keyframes="\n".join(moving))
    return head + "\n".join(body) + "\n</svg>\n"


def description() -> str:
    """What the picture shows, for who does not see it."""
    starved = [f"{100 * p:g}" for p in frequencies() if p <= DECAY]
    return (
        "Height: a recognizer's norm, the mean of 20 networks, over 25 epochs. With weight decay "
        f"{DECAY:g}, theory says that recognizers of features in at most {starved[-1]} % of the "
        "examples starve (vermilion) and that the others survive (green)."
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8", newline="\n")
    print(f"wrote {PICTURE.relative_to(ROOT)}")
