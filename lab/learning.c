// Losses and optimizers, the garden, dropout's masks, and the gradient landscape.
#include "real.h"

// eˣ: 2ᵏ times a Taylor polynomial on |r| ≤ ln 2/2, so that every browser gives the same bits.
static double power(double x) {
  if (x < -700) return 0;
  if (x > 700) x = 700;
  const double k = __builtin_rint(x * 1.4426950408889634);
  const double r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
  double y = 1;
  for (int i = 13; i > 0; i--) y = 1 + y * r / i;
  union { long long bits; double value; } two = {.bits = (long long)(k + 1023) << 52};
  return y * two.value;
}

// ln(1 + z) for 0 ≤ z ≤ 1: 2 artanh(z/(2 + z)).
static double log_of_more(double z) {
  const double s = z / (2 + z), square = s * s;
  double y = 0;
  for (int i = 39; i > 0; i -= 2) y = y * square + 1.0 / i;
  return 2 * s * y;
}

// Σ of a loss over n outputs f and targets y: 0 squared (f − y)², 1 absolute |f − y|,
// 2 logistic ln(1 + e^(−y f)) and 3 hinge max(0, 1 − y f), both with y = ±1.
KEEP REAL loss(int kind, const REAL *f, const REAL *y, int n) {
  REAL total = 0;
  for (int i = 0; i < n; i++) {
    const REAL off = f[i] - y[i];
    if (kind == 0) total += off * off;
    if (kind == 1) total += off < 0 ? -off : off;
    if (kind == 3) total += f[i] * y[i] < 1 ? 1 - f[i] * y[i] : 0;
    if (kind == 2) {
      const double m = f[i] * y[i];
      total += (m < 0 ? -m : 0) + log_of_more(power(m < 0 ? m : -m));
    }
  }
  return total;
}

// d = factor · ∂(loss)/∂f
KEEP void slope(int kind, const REAL *f, const REAL *y, int n, REAL factor, REAL *d) {
  for (int i = 0; i < n; i++) {
    const REAL off = f[i] - y[i];
    if (kind == 0) d[i] = factor * 2 * off;
    if (kind == 1) d[i] = off > 0 ? factor : off < 0 ? -factor : 0;
    if (kind == 3) d[i] = f[i] * y[i] < 1 ? -factor * y[i] : 0;
    if (kind == 2) {
      const double m = f[i] * y[i], e = power(m < 0 ? m : -m);
      d[i] = -factor * y[i] * (REAL)((m < 0 ? 1 : e) / (1 + e));
    }
  }
}

// Momentum (heavy ball) with L2 decay: v ← μ v + g + λ w, w ← w − η v. Polyak 1964.
KEEP void momentum(REAL *w, const REAL *g, REAL *v, int count, REAL decay, REAL rate, REAL mu) {
  for (int i = 0; i < count; i++) {
    v[i] = mu * v[i] + (g[i] + decay * w[i]);
    w[i] -= rate * v[i];
  }
}

// Adam with L2 decay: g ← clip·g + λ w, m ← m + (1 − β₁)(g − m), v ← β₂ v + (1 − β₂) g²,
// w ← w − η/(1 − β₁ᵗ) · m/(√(v/(1 − β₂ᵗ)) + ε). Kingma & Ba 2015.
KEEP void adam(REAL *w, const REAL *g, REAL *m, REAL *v, int count, REAL clip, REAL decay, REAL rate,
               REAL one, REAL two, REAL rest, REAL correction) {
  for (int i = 0; i < count; i++) {
    const REAL fed = clip * g[i] + decay * w[i];
    m[i] += one * (fed - m[i]);
    v[i] = two * v[i] + rest * fed * fed;
    w[i] -= rate * m[i] / (root(v[i]) / correction + (REAL)1e-8);
  }
}

// Recognizers f_k = w_k Π_j a_jk, each on its own feature [K], under ½(f − 1)² with the shares of
// each minibatch [steps, K]; see gradbook.training.gardens. weights [factors, K], w first.
// heard: dropout's factors [steps, K], noise: what is added to the gradients [steps, factors, K].
KEEP void garden(REAL *weights, int factors, int k, const REAL *shares, const REAL *heard,
                 const REAL *noise, int steps, REAL rate, REAL decay, REAL coupling) {
  for (int t = 0; t < steps; t++) {
    for (int i = 0; i < k; i++) {
      REAL *w = weights + i, pulls[8];
      const REAL ear = heard ? heard[t * k + i] : 1;
      REAL whole = 1;
      for (int j = 1; j < factors; j++) whole *= w[j * k];
      const REAL f = w[0] * whole * ear;
      const REAL signal = ((f - 1) + coupling * f) * shares[t * k + i] * ear;
      pulls[0] = whole * signal;
      for (int j = 1; j < factors; j++) {
        REAL others = 1;
        for (int l = 1; l < factors; l++) others *= l == j ? 1 : w[l * k];
        pulls[j] = signal * w[0] * others;
      }
      for (int j = 0; j < factors; j++) {
        if (noise) pulls[j] += noise[(t * factors + j) * k + i];
        w[j * k] -= rate * (pulls[j] + decay * w[j * k]);
      }
    }
  }
}

// PCG64 (O'Neill 2014), whose state and increment are four 32-bit words each, the lowest first.
typedef unsigned long long word;
typedef struct { word low, high, add_low, add_high; } pcg;

static pcg opened(const unsigned *s) {
  return (pcg){s[0] | (word)s[1] << 32, s[2] | (word)s[3] << 32, s[4] | (word)s[5] << 32,
               s[6] | (word)s[7] << 32};
}

static word drawn(pcg *p) {
  const word high_factor = 0x2360ed051fc65da4ull, low_factor = 0x4385df649fccf645ull;
  const word a = p->low & 0xffffffff, b = p->low >> 32;
  const word c = low_factor & 0xffffffff, e = low_factor >> 32;
  const word mid = b * c + (a * c >> 32), cross = a * e + (mid & 0xffffffff);
  p->high = p->high * low_factor + p->low * high_factor + b * e + (mid >> 32) + (cross >> 32);
  p->low = p->low * low_factor + p->add_low;
  p->high += p->add_high + (p->low < p->add_low);
  const word folded = p->high ^ p->low;
  const int turn = p->high >> 58;
  return turn ? folded >> turn | folded << (64 - turn) : folded;
}

static void closed(const pcg *p, unsigned *s) {
  s[0] = p->low, s[1] = p->low >> 32, s[2] = p->high, s[3] = p->high >> 32;
}

// Dropout's factors from 16 bits each: 0 below least, else factor.
KEEP void masks(unsigned *state, unsigned least, REAL factor, int count, REAL *out) {
  pcg source = opened(state);
  for (int i = 0; i < count; i += 4) {
    word bits = drawn(&source);
    for (int j = i; j < i + 4 && j < count; j++, bits >>= 16) {
      out[j] = (bits & 0xffff) >= least ? factor : 0;
    }
  }
  closed(&source, state);
}

// Dropout's factors from numbers of 53 bits in [0, 1): 0 below rate, else factor.
KEEP void kept(unsigned *state, double rate, REAL factor, int count, REAL *out) {
  pcg source = opened(state);
  for (int i = 0; i < count; i++) {
    out[i] = (double)(drawn(&source) >> 11) * 0x1p-53 >= rate ? factor : 0;
  }
  closed(&source, state);
}

// Where two units move: out [rows, units] = base + u w₁ + v w₂, with u and v [rows].
KEEP void moved(const REAL *base, const REAL *u, const REAL *w1, const REAL *v, const REAL *w2,
                int rows, int units, REAL *out) {
  for (int i = 0; i < rows; i++) {
    const REAL first = u[i], second = v[i];
    for (int k = 0; k < units; k++) {
      out[i * units + k] = base[i * units + k] + first * w1[k] + second * w2[k];
    }
  }
}

// Σ over rows of (d · w) u′: the gradient in what moves a unit whose slope is u′ [rows].
KEEP REAL felt(const REAL *d, const REAL *w, const REAL *slopes, int rows, int units) {
  REAL total = 0;
  for (int i = 0; i < rows; i++) {
    if (slopes[i] != 0) total += dot(d + i * units, w, units) * slopes[i];
  }
  return total;
}
