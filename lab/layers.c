// The layers of small networks, forward and backward, on rows: x [n, inputs] is row after row.
// `kernels.js` has the same functions for where a page may not run WebAssembly; tests hold both to
// PyTorch.
#include "real.h"

static REAL sum(vec v) {
  REAL total = 0;
  for (int i = 0; i < LANES; i++) total += v[i];
  return total;
}

// Σ x·y
KEEP REAL dot(const REAL *x, const REAL *y, int count) {
  vec a = {}, b = {};
  int i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    a += AT(x + i) * AT(y + i);
    b += AT(x + i + LANES) * AT(y + i + LANES);
  }
  REAL total = sum(a + b);
  for (; i < count; i++) total += x[i] * y[i];
  return total;
}

// y += a x
KEEP void add(REAL *y, REAL a, const REAL *x, int count) {
  for (int i = 0; i < count; i++) y[i] += a * x[i];
}

// C [rows, columns] = A [rows, inner] B [inner, columns] (+ bias, if there is one).
// A's entry (r, j) stands at a[r·across + j·down], so that Aᵀ needs no copy.
KEEP void product(const REAL *a, int across, int down, const REAL *b, int rows, int inner,
                  int columns, const REAL *bias, REAL *c) {
  if (columns == 1 && down == 1) {
    for (int r = 0; r < rows; r++) c[r] = dot(a + r * across, b, inner) + (bias ? bias[0] : 0);
    return;
  }
  if (rows < 4) { // few rows stay near while B streams by
    for (int r = 0; r < rows; r++) {
      for (int k = 0; k < columns; k++) c[r * columns + k] = bias ? bias[k] : 0;
    }
    for (int j = 0; j < inner; j++) {
      for (int r = 0; r < rows; r++) add(c + r * columns, a[r * across + j * down], b + j * columns, columns);
    }
    return;
  }
  for (int r = 0; r < rows; r += 4) {
    const int next = r + 4 <= rows ? across : 0; // a short last block repeats its first row
    const REAL *start = a + r * across;
    REAL *out = c + r * columns;
    const int below = next ? columns : 0;
    int col = 0;
    for (; col + 2 * LANES <= columns; col += 2 * LANES) {
      vec l0 = bias ? AT(bias + col) : (vec){}, r0 = bias ? AT(bias + col + LANES) : (vec){};
      vec l1 = l0, l2 = l0, l3 = l0, r1 = r0, r2 = r0, r3 = r0;
      const REAL *p = start, *q = b + col;
      for (int j = 0; j < inner; j++, p += down, q += columns) {
        const vec u = AT(q), v = AT(q + LANES);
        l0 += p[0] * u, r0 += p[0] * v;
        l1 += p[next] * u, r1 += p[next] * v;
        l2 += p[2 * next] * u, r2 += p[2 * next] * v;
        l3 += p[3 * next] * u, r3 += p[3 * next] * v;
      }
      REAL *o = out + col;
      AT(o) = l0, AT(o + LANES) = r0, o += below;
      AT(o) = l1, AT(o + LANES) = r1, o += below;
      AT(o) = l2, AT(o + LANES) = r2, o += below;
      AT(o) = l3, AT(o + LANES) = r3;
    }
    for (; col < columns; col++) {
      for (int i = 0; i < (next ? 4 : 1); i++) {
        REAL total = bias ? bias[col] : 0;
        for (int j = 0; j < inner; j++) total += start[i * across + j * down] * b[j * columns + col];
        out[i * columns + col] = total;
      }
    }
    if (!next) r -= 3; // one row at a time
  }
}

KEEP void transpose(const REAL *w, int rows, int columns, REAL *out) {
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) out[c * rows + r] = w[r * columns + c];
  }
}

// One-hot rows, given by the positions of their ones [n, ones]: x W + b sums rows of W.
KEEP void onehot(const int *positions, const REAL *w, const REAL *b, int n, int ones, int outputs,
                 REAL *y) {
  for (int i = 0; i < n; i++, y += outputs) {
    for (int o = 0; o < outputs; o++) y[o] = b[o];
    for (int j = 0; j < ones; j++) {
      const REAL *row = w + positions[i * ones + j] * outputs;
      for (int o = 0; o < outputs; o++) y[o] += row[o];
    }
  }
}

// Its transpose: xᵀ d, added to gw.
KEEP void onehot_weights(const int *positions, const REAL *d, int n, int ones, int outputs,
                         REAL *gw) {
  for (int i = 0; i < n; i++, d += outputs) {
    for (int j = 0; j < ones; j++) {
      REAL *row = gw + positions[i * ones + j] * outputs;
      for (int o = 0; o < outputs; o++) row[o] += d[o];
    }
  }
}

KEEP void fill(REAL *x, REAL value, int count) {
  for (int i = 0; i < count; i++) x[i] = value;
}

KEEP void copy(const REAL *x, int count, REAL *y) {
  for (int i = 0; i < count; i++) y[i] = x[i];
}

// y *= x
KEEP void multiply(REAL *y, const REAL *x, int count) {
  for (int i = 0; i < count; i++) y[i] *= x[i];
}

// out = Σ over the rows of x [n, units]
KEEP void columns(const REAL *x, int n, int units, REAL *out) {
  for (int u = 0; u < units; u++) out[u] = 0;
  for (int i = 0; i < n; i++, x += units) {
    for (int u = 0; u < units; u++) out[u] += x[u];
  }
}

// max(x, 0) in place
KEEP void relu(REAL *x, int count) {
  int i = 0;
  for (; i + LANES <= count; i += LANES) AT(x + i) = WHERE(AT(x + i) > 0, AT(x + i));
  for (; i < count; i++) x[i] = x[i] > 0 ? x[i] : 0;
}

// d becomes 0 where the ReLU's answer y is not above 0.
KEEP void relu_back(const REAL *y, REAL *d, int count) {
  int i = 0;
  for (; i + LANES <= count; i += LANES) AT(d + i) = WHERE(AT(y + i) > 0, AT(d + i));
  for (; i < count; i++) d[i] = y[i] > 0 ? d[i] : 0;
}

// Batch norm over a minibatch, in place: x̂ = (x − mean)/√(var + ε), y = γ x̂ + β. The running mean
// and variance follow by a tenth, the variance with n/(n − 1). Ioffe & Szegedy 2015.
KEEP void norm(REAL *x, const REAL *gamma, const REAL *beta, int n, int units, REAL *normal,
               REAL *inverse, REAL *mean, REAL *running) {
  columns(x, n, units, mean);
  for (int u = 0; u < units; u++) mean[u] /= n, inverse[u] = 0;
  for (int i = 0; i < n; i++) {
    for (int u = 0; u < units; u++) {
      const REAL away = x[i * units + u] - mean[u];
      normal[i * units + u] = away;
      inverse[u] += away * away;
    }
  }
  for (int u = 0; u < units; u++) {
    const REAL variance = inverse[u] / n;
    if (running) {
      running[u] += (mean[u] - running[u]) * (REAL)0.1;
      running[units + u] += (variance * n / (n - 1) - running[units + u]) * (REAL)0.1;
    }
    inverse[u] = 1 / root(variance + (REAL)1e-5);
  }
  for (int i = 0; i < n; i++) {
    for (int u = 0; u < units; u++) {
      const int at = i * units + u;
      normal[at] *= inverse[u];
      x[at] = normal[at] * gamma[u] + beta[u];
    }
  }
}

// Batch norm in evaluation mode, in place.
KEEP void norm_eval(REAL *x, const REAL *gamma, const REAL *beta, int n, int units,
                    const REAL *running) {
  for (int i = 0; i < n; i++) {
    for (int u = 0; u < units; u++) {
      const REAL scale = gamma[u] / root(running[units + u] + (REAL)1e-5);
      x[i * units + u] = (x[i * units + u] - running[u]) * scale + beta[u];
    }
  }
}

// Backward through batch norm, d in place: gβ = Σ d, gγ = Σ d x̂,
// d ← γ/√(var + ε) (d − gβ/n − x̂ gγ/n).
KEEP void norm_back(REAL *d, const REAL *normal, const REAL *gamma, const REAL *inverse, int n,
                    int units, REAL *ggamma, REAL *gbeta) {
  for (int u = 0; u < units; u++) ggamma[u] = gbeta[u] = 0;
  for (int i = 0; i < n; i++) {
    for (int u = 0; u < units; u++) {
      gbeta[u] += d[i * units + u];
      ggamma[u] += d[i * units + u] * normal[i * units + u];
    }
  }
  for (int i = 0; i < n; i++) {
    for (int u = 0; u < units; u++) {
      const int at = i * units + u;
      d[at] = gamma[u] * inverse[u] * (d[at] - gbeta[u] / n - normal[at] * ggamma[u] / n);
    }
  }
}
