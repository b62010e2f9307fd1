"use strict";
// Elementary functions by series: browsers' own differ in the last bit, and a run must not.

/** e^x and ln(1 + z), 0 ≤ z ≤ 1, as in `learning.c`. */
function power(x) {
  if (x < -700) return 0;
  const k = Math.round(Math.min(x, 700) * 1.4426950408889634);
  const r = Math.min(x, 700) - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
  let y = 1;
  for (let i = 13; i > 0; i--) y = 1 + (y * r) / i;
  return y * 2 ** k;
}
function logOfMore(z) {
  const s = z / (2 + z);
  let y = 0;
  for (let i = 39; i > 0; i -= 2) y = y * s * s + 1 / i;
  return 2 * s * y;
}

/** ln x for x > 0: k ln 2 + 2 artanh((m − 1)/(m + 1)) with x = m 2^k and m near 1. */
function ln(x) {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let k = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const s = (m - 1) / (m + 1);
  let y = 0;
  for (let i = 23; i > 0; i -= 2) y = y * s * s + 1 / i;
  return k * 0.6931471803691238 + (2 * s * y + k * 1.9082149292705877e-10);
}

/** cos y and sin y for |y| ≤ π/2 by Taylor: browsers' own differ in the last bit. */
function circle(y) {
  let [cos, sin] = [1, 1];
  for (let i = 28; i > 0; i -= 2) {
    cos = 1 - (cos * y * y) / (i * (i - 1));
    sin = 1 - (sin * y * y) / (i * (i + 1));
  }
  return [cos, y * sin];
}
