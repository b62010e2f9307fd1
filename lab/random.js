"use strict";
// Random numbers of PyTorch and NumPy, word for word: a bare seed gives the numbers it gives there.

const TWO_32 = 2 ** 32;

/** MT19937 as in `torch.manual_seed(seed)`; seeds of 32 bits. Matsumoto & Nishimura 1998. */
class TorchRandom {
  constructor(seed) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= TWO_32) {
      throw new RangeError(`expected a seed from 0 to 2³² − 1, got ${seed}`);
    }
    this.state = new Uint32Array(624);
    this.state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const last = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, last) + i;
    }
    this.position = 624;
  }

  /** Next word, 0 to 2³² − 1. */
  word() {
    const s = this.state;
    if (this.position === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
        s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.position = 0;
    }
    let y = s[this.position++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** `torch.rand` in float64: the low 53 bits of two words, the first of them the high one. */
  unit() {
    const high = this.word() & 0x1fffff;
    return (high * TWO_32 + this.word()) / 2 ** 53;
  }

  /** `uniform_(from, to)` in float32: u (to − from) + from with u of 24 bits: summed in float64, then rounded. */
  uniform(count, from, to) {
    const [low, high] = [Math.fround(from), Math.fround(to)];
    const width = Math.fround(high - low);
    const draw = () => ((this.word() & 0xffffff) / 2 ** 24) * width + low;
    return Float32Array.from({ length: count }, draw);
  }

  /** Weight [outputs, inputs] and bias [outputs] of `nn.Linear`: uniform within ±1/√inputs. */
  linear(inputs, outputs) {
    const reach = Math.sqrt(3) * (Math.sqrt(2 / 6) / Math.sqrt(inputs)); // kaiming_uniform_, a = √5
    const weight = this.uniform(inputs * outputs, -reach, reach);
    const bound = 1 / Math.sqrt(inputs);
    return { weight, bias: this.uniform(outputs, -bound, bound) };
  }

  /** `torch.randperm(count)`: Fisher and Yates from the front. */
  permutation(count) {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = 0; i < count - 1; i++) {
      const j = i + (this.word() % (count - i));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** `torch.randint(end, (count,))`, end < 2²⁸. */
  integers(count, end) {
    return Int32Array.from({ length: count }, () => this.word() % end);
  }
}

/** Words of `numpy.random.SeedSequence(entropy)`; entropy: integers of 32 bits. */
function seedWords(entropy, count) {
  const scramble = (start, factor) => {
    let constant = start;
    return (value) => {
      const mixed = value ^ constant;
      constant = Math.imul(constant, factor);
      const product = Math.imul(mixed, constant);
      return product ^ (product >>> 16);
    };
  };
  const mix = (x, y) => {
    const sum = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) | 0;
    return sum ^ (sum >>> 16);
  };
  const hash = scramble(0x43b0d7e5, 0x931e8875);
  const pool = [0, 1, 2, 3].map((i) => hash(i < entropy.length ? entropy[i] : 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  for (let from = 4; from < entropy.length; from++) {
    for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(entropy[from]));
  }
  const output = scramble(0x8b51f9dd, 0x58f38ded);
  return Uint32Array.from({ length: count }, (_, i) => output(pool[i % 4]));
}

/** `numpy.random.default_rng(entropy)`: PCG64 (XSL-RR 128/64). O'Neill 2014. */
class NumpyRandom {
  constructor(entropy) {
    const words = seedWords(entropy, 8);
    const pair = (i) => (BigInt(words[i + 1]) << 32n) | BigInt(words[i]);
    this.increment = BigInt.asUintN(128, (((pair(4) << 64n) | pair(6)) << 1n) | 1n);
    this.state = this.increment + ((pair(0) << 64n) | pair(2));
    this.step();
    this.spare = null;
  }

  step() {
    const next = this.state * 0x2360ed051fc65da44385df649fccf645n + this.increment;
    this.state = BigInt.asUintN(128, next);
  }

  /** Next word of 64 bits, a BigInt. */
  word() {
    this.step();
    const folded = BigInt.asUintN(64, (this.state >> 64n) ^ this.state);
    const turn = this.state >> 122n;
    return BigInt.asUintN(64, (folded >> turn) | (folded << (64n - turn)));
  }

  /** `random()`: 53 bits. */
  unit() {
    return Number(this.word() >> 11n) / 2 ** 53;
  }

  /** Half a word: the low one first, the high one is kept. */
  half() {
    if (this.spare === null) {
      const word = this.word();
      this.spare = word >> 32n;
      return word & 0xffffffffn;
    }
    const kept = this.spare;
    this.spare = null;
    return kept;
  }

  /** `integers(end)`, 1 ≤ end < 2³². Lemire 2019. */
  integer(end) {
    if (end === 1) return 0;
    const range = BigInt(end);
    const least = 0x100000000n % range;
    let product = this.half() * range;
    while ((product & 0xffffffffn) < least) product = this.half() * range;
    return Number(product >> 32n);
  }

  /** `permutation(count)`: Fisher and Yates from the end, numbers that are too large drawn again. */
  permutation(count) {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const mask = 2 ** (32 - Math.clz32(i)) - 1;
      let j;
      do j = Number(this.half()) & mask; while (j > i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

if (typeof module !== "undefined") module.exports = { TorchRandom, NumpyRandom, seedWords };
