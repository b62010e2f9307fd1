"use strict";
// A training under settings that may change at any step, in short bursts.

const SUBJECTS = {
  garden: Garden, moons: Moons, characters: Characters, examples: Examples, features: Features,
};
const [BURST, FRAME] = [30, 16]; // milliseconds

/** What a generator that works in parts gives at last. */
function whole(parts) {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

class Course {
  /**
   * @param job `subject`, `seed`, `fixed`, `log` ([[step, settings], …], the first at 0), `steps`,
   *   `every` (steps between two records, or the list of them), `kind` of the numbers,
   *   `shown` (what to record besides); the server reads `play`, `pace` (steps a frame, where a
   *   reader should see it grow) and `again` (steps to repeat at once, whether it plays or not)
   */
  constructor({ subject, seed, fixed, log, steps, every, kind = "float64", shown = {}, wasm = true }) {
    const kernels = workspace(kind, { wasm });
    this.subject = new SUBJECTS[subject](kernels, seed, fixed);
    Object.assign(this, { log: [], planned: [...log], steps, shown, done: 0, elapsed: 0, way: kernels.way });
    this.times = Array.isArray(every) ? new Set(every) : null;
    this.every = every;
    this.settings = null;
    this.failed = "";
    this.work = null; // parts that are left of what prepares or records
    this.prepared = false;
  }

  /** Settings from the next step on. */
  set(settings) {
    this.settings = settings;
    this.log = [...this.log.filter(([step]) => step < this.done), [this.done, settings]];
    this.planned = this.planned.filter(([step]) => step > this.done);
    this.subject.restart(this.done);
  }

  #plan() {
    const now = this.planned.find(([step]) => step === this.done);
    if (now) this.set(now[1]);
  }

  get #due() {
    return this.done === this.steps
      || (this.times ? this.times.has(this.done) : this.done % this.every === 0);
  }

  /** Prepares the subject if it is not: in parts. */
  *#ready() {
    if (!this.prepared) yield* this.subject.prepare?.() ?? [];
    this.prepared = true;
  }

  /** Prepares the subject if it is not, and records it: in parts, each short. */
  *looking() {
    this.#plan();
    yield* this.#ready();
    const { done: step, settings } = this;
    const found = this.subject.record(settings, this.shown);
    return { step, ...(found.next ? yield* found : found) };
  }

  look() {
    return whole(this.looking());
  }

  /** One step, and what is due after it as work in parts. */
  #step() {
    this.#plan();
    whole(this.#ready());
    this.subject.step(this.settings);
    this.done++;
    if (!this.#due) return;
    if (this.subject.finite) this.work = this.looking();
    else {
      this.failed = `The loss is no longer finite at step ${this.done}: lower the learning rate.`;
      this.steps = this.done;
    }
  }

  /** Steps until a time, at most so many, and what there is to record: the records. */
  burst(milliseconds = BURST, most = Infinity) {
    const records = [];
    const start = performance.now();
    const end = start + milliseconds;
    for (let i = 0; (this.work || (i < most && this.done < this.steps)) && performance.now() < end;) {
      if (this.work) {
        const { done, value } = this.work.next();
        if (!done) continue;
        this.work = null;
        records.push(value);
      } else {
        this.#step();
        i++;
      }
    }
    this.elapsed += performance.now() - start;
    return records;
  }
}

/** Runs courses by messages; `post` is where to report. Used in a worker and on the main thread. */
function server(post, burst = BURST) {
  const channel = new MessageChannel();
  let course = null;
  let running = false;
  let again = 0; // steps to repeat before the reader's own Play or Pause counts
  let after = false; // whether to go on then
  let waiting = false; // for the next burst
  let owed = 0; // steps that were asked for one by one
  let number = 0;
  let pace = 0;
  const busy = () => Boolean(running || owed || course?.work);
  const report = (records) => post({ number, records, running, busy: busy(), done: course.done,
    steps: course.steps, log: course.log, failed: course.failed, way: course.way,
    elapsed: course.elapsed });
  const guarded = (act) => {
    try {
      act();
    } catch (error) {
      [running, owed, course] = [false, 0, null];
      post({ number, running, failed: String(error.message ?? error), thrown: true, records: [] });
    }
  };
  const act = (most) => guarded(() => {
    const before = course.done;
    const records = course.burst(burst, again ? Math.min(most, again - course.done) : most);
    if (!running) owed = Math.max(0, owed - (course.done - before));
    if (again && course.done >= again && !course.work) [again, running] = [0, after];
    if (course.done >= course.steps) owed = 0;
    if (course.done >= course.steps && !course.work) running = false;
    report(records);
    if (busy()) next();
  });
  const next = () => {
    if (waiting) return;
    waiting = true;
    if (pace && !again) setTimeout(() => channel.port2.postMessage(0), FRAME);
    else channel.port2.postMessage(0);
  };
  channel.port1.onmessage = () => {
    waiting = false;
    if (busy()) act(running ? (!again && pace) || Infinity : owed);
  };
  const orders = {
    hello: () => post({ hello: true }),
    open({ job, number: run }) {
      [number, running, owed] = [run, false, 0];
      course = new Course(job);
      pace = job.pace ?? 0;
      after = Boolean(job.play);
      again = Math.min(job.again ?? 0, job.steps);
      running = after || again > 0;
      course.work = course.looking();
      act(0);
    },
    play() {
      [after, owed] = [true, 0];
      running = course.done < course.steps;
      if (running) next();
    },
    pause() {
      after = false;
      running = again > 0;
      report([]);
    },
    step() {
      owed++;
      if (!running) act(owed);
    },
    set({ settings }) {
      const at = Math.max(again, course.done + owed);
      course.planned = course.planned.filter(([step]) => step < at);
      if (at > course.done) course.planned.push([at, settings]);
      else course.set(settings);
    },
  };
  return {
    receive: (message) => guarded(() => orders[message.order](message)),
    close() {
      running = false;
      channel.port1.close();
    },
  };
}

globalThis.gradbookLab = {
  Course, Network, Optimizer, Landscape, TorchRandom, NumpyRandom, RandomState, LOSSES, stream,
  normal, binomial, multinomial, twoMoons, carried, workspace, server, whole,
};
