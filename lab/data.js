"use strict";
// What the networks are shown, drawn from a seed as the book's Python draws it.

/** `numpy.linspace`. */
const linspace = (from, to, count) =>
  Array.from({ length: count }, (_, i) => from + (i * (to - from)) / (count - 1));

/** A stream for each use of a seed: weights 0, patterns 1, examples 2, noise 3. */
const stream = (seed, use) => new NumpyRandom([use, seed]);

const lastDrawn = new Map();

/** What `draw`, a generator, gives for a key; the last of each kind is kept, so that a training that
 * is played again draws nothing. */
function* kept(kind, key, draw) {
  if (lastDrawn.get(kind)?.key !== key) lastDrawn.set(kind, { key, value: yield* draw() });
  return lastDrawn.get(kind).value;
}

/** Two moons on both sides of a line, as `gradbook.chapters.starvation.moons.moons`; the points come
 * from scikit-learn's `make_moons`. Inputs [examples, 2], labels ±1 [examples]. */
function twoMoons(seed, margin, examples = 300, noise = 0.1) {
  const [outer, inner] = [Math.floor(examples / 2), examples - Math.floor(examples / 2)];
  const points = [
    ...linspace(0, Math.PI, outer).map((t) => circle(t - Math.PI / 2))
      .map(([sin, minusCos]) => [-minusCos, sin, -1]),
    ...linspace(0, Math.PI, inner).map((t) => circle(t - Math.PI / 2))
      .map(([sin, minusCos]) => [1 + minusCos, 1 - sin - 0.5, 1]),
  ];
  const random = new RandomState(seed);
  random.shuffle(points);
  for (const point of points) {
    point[0] += noise * random.normal();
    point[1] += noise * random.normal();
  }
  const across = points.map(([, y, label]) => y - 0.3 * label);
  const mean = across.reduce((a, b) => a + b, 0) / examples;
  const inputs = new Float64Array(2 * examples);
  const labels = new Float64Array(examples);
  points.forEach(([x, , label], i) => {
    inputs[2 * i] = -label * (Math.abs(across[i] - mean) + margin);
    inputs[2 * i + 1] = x - 0.5;
    labels[i] = label;
  });
  return { inputs, labels };
}

const ALPHABET = "0123456789. -:_";
const FIELDS = [["a", 3], ["b", 2], ["t", 19], ["c", 4], ["d", 3], ["e", 4], ["f", 2], ["g", 4], ["h", 3]];
const RULES = { "10*d": ({ d }) => 10 * d, "(c/100)*b": ({ c, b }) => (c / 100) * b };

/** `gradbook.tasks.character_regression`: one-hot positions [rows, 44] and targets [rows], in float32;
 * some rows at a time. */
function* characters(rule, rows, seed) {
  const random = new TorchRandom(seed);
  const integers = (low, high) => {
    const range = high - low + 1;
    return Array.from({ length: rows }, () => (random.word() % range) + low);
  };
  const drawn = {
    a: integers(1, 999), b: integers(1, 40), t: integers(1_420_070_400, 1_451_606_399),
    c: integers(0, 9999), d: integers(0, 170), e: integers(-99, 999).map((v) => v / 10),
    f: integers(0, 99), g: integers(0, 999).map((v) => v / 100), h: integers(0, 999),
  };
  const text = {
    t: (v) => new Date(1000 * v).toISOString().slice(0, 19).replace("T", " "),
    e: (v) => v.toFixed(1), g: (v) => v.toFixed(2),
  };
  const positions = new Uint32Array(rows * 44);
  const targets = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const written = FIELDS.map(([name, width]) =>
      (text[name] ?? String)(drawn[name][i]).padEnd(width, "_")).join("");
    for (let j = 0; j < 44; j++) positions[44 * i + j] = 15 * j + ALPHABET.indexOf(written[j]);
    targets[i] = Math.fround(RULES[rule]({ b: drawn.b[i], c: drawn.c[i], d: drawn.d[i] }));
    if (i % 100 === 99) yield;
  }
  return { positions, targets };
}
