"""The same bits in Chromium, Firefox and Node.js, and at every build."""

from __future__ import annotations

import os

import pytest

from benchmarks.marionette import Firefox
from engine import ENGINE, evaluate

RUN = """(() => {
  const settings = { regularizer: "dropout", strength: 0.5, optimizer: "momentum", rate: 0.01 };
  const jobs = [
    { subject: "moons", fixed: { margin: 0.1, width: 50 }, log: [[0, settings]], steps: 300 },
    { subject: "characters", log: [[0, { rate: 0.005 }]], steps: 64,
      fixed: { rule: "10*d", regularizer: "dropout", batch_size: 64, loss: "l1" } },
    { subject: "garden", fixed: { frequencies: [0.3, 0.1], factors: 3, batch_size: 64 },
      log: [[0, { regularizer: "gradient noise", strength: 0.02, rate: 1 }]], steps: 500 },
    { subject: "examples", log: [[0, { regularizer: "dropout", strength: 0.5, rate: 0.1 }]],
      steps: 300, fixed: { examples: 20, wrong: 0.3, layers: 3 } },
    { subject: "features", log: [[0, { decay: 0.01, rate: 0.1 }]], steps: 500,
      fixed: { widths: [3, 16, 1], relu: true, head_start: 100, loss: "logistic" } },
  ];
  return jobs.map((job) => {
    const course = new gradbookLab.Course({ ...job, seed: 5, every: job.steps });
    course.burst(1e9);
    const { weights } = course.subject.network ?? course.subject;
    let hash = 0x811c9dc5;
    const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash >>> 0;
  });
})()"""
"""FNV-1a of the weights of a training of each kind."""

HASHES = [1558415871, 4133057745, 2119326682, 2118828006, 1459166271]
"""What they have been since the trainings were written."""


def test_node_gives_the_bits():
    assert evaluate(RUN) == HASHES


def test_chromium_gives_the_bits(browser):
    page = browser.new_page()
    page.add_script_tag(path=ENGINE)
    assert page.evaluate(RUN) == HASHES
    page.close()


def test_firefox_gives_the_bits(tmp_path):
    try:
        firefox = Firefox(tmp_path / "profile")
    except FileNotFoundError as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))
    page = tmp_path / "page.html"
    page.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><script src="{ENGINE.as_uri()}"></script>'
    )
    try:
        firefox.open(page.as_uri())
        assert firefox.evaluate(f"return {RUN}") == HASHES
    finally:
        firefox.close()
