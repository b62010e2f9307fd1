"use strict";
// The small network of the minibatch chapter, as `gradbook.training.train` trains it.

class Characters {
  /** `fixed`: rule, regularizer, batch_size, loss, clip, train and test rows, widths. */
  constructor(kernels, seed, { rule, regularizer, batch_size, loss, clip = 0.3, train = 2000,
    test = 500, widths = [128, 64, 32] }) {
    Object.assign(this, { kernels, seed, rule, loss, clip, train, test, regularizer,
      batch: batch_size });
    this.most = Math.max(batch_size, test);
    this.x = kernels.integers(44 * this.most);
    this.y = kernels.reals(this.most);
    this.network = new Network(kernels, 660, widths,
      { regularizer, ones: 44, rows: this.most, seed });
    this.optimizer = new Optimizer(kernels, this.network.count);
    this.random = new TorchRandom(seed); // dropout's
    this.epoch = 0;
    this.order = [];
    this.at = 0;
  }

  /** Draws the rows, some at a time. */
  *prepare() {
    const { rule, seed, train, test } = this;
    const key = [rule, train + test, seed].join();
    Object.assign(this, yield* kept("characters", key, () => characters(rule, train + test, seed)));
  }

  get steps_an_epoch() {
    return Math.ceil(this.train / this.batch);
  }

  restart() {}

  /** Copies rows to where the network reads them. */
  show(rows) {
    rows.forEach((row, i) => {
      this.x.set(this.positions.subarray(44 * row, 44 * (row + 1)), 44 * i);
      this.y[i] = this.targets[row];
    });
    return rows.length;
  }

  /** Dropout's masks, as `torch.nn.Dropout(0.3)` draws them. */
  heard = (mask, count) => {
    for (let i = 0; i < count; i++) mask[i] = this.random.unit() < 0.7 ? 1 / 0.7 : 0;
  };

  step({ rate, decay = 0 }) {
    if (this.at >= this.order.length) {
      this.epoch++;
      this.order = new TorchRandom(1_000_003 * this.seed + this.epoch).permutation(this.train);
      this.at = 0;
    }
    const rows = this.order.subarray(this.at, (this.at += this.batch));
    const n = this.show(rows);
    const { network } = this;
    const heard = this.regularizer === "dropout" ? this.heard : null;
    const f = network.forward(this.x, n, { train: true, heard });
    this.last = this.kernels.loss(LOSSES[this.loss], f, this.y, n) / n;
    network.begin(this.loss, this.y, n, 1 / n);
    network.backward(this.x, n, true);
    this.optimizer.step(network, { kind: "Adam", rate, decay, clip: this.clip });
  }

  /** Mean loss and R² on training and test rows, evaluation mode; with `landscape`, those of
   * `Landscape` too; in parts. */
  *record(_, { landscape = null } = {}) {
    const found = {};
    if (landscape) {
      this.landscape ??= new Landscape(this, landscape);
      found.landscape = yield* this.landscape.look(this);
    }
    for (const [name, from] of [["train", 0], ["test", this.train]]) {
      const n = this.show(Uint32Array.from({ length: this.test }, (_, i) => from + i));
      const f = this.network.forward(this.x, n);
      const y = this.y.subarray(0, n);
      const mean = y.reduce((a, b) => a + b, 0) / n;
      const spread = y.reduce((a, v) => a + (v - mean) ** 2, 0);
      found[`${name}_loss`] = this.kernels.loss(LOSSES[this.loss], f, y, n) / n;
      yield;
      found[`${name}_r2`] = 1 - this.kernels.loss(0, f, y, n) / spread;
    }
    return found;
  }

  get finite() {
    return this.last === undefined || Number.isFinite(this.last);
  }
}
