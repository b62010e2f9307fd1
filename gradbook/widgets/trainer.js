/* A training in a worker; without one, or once it is silent, on this thread in slices. */

const PATIENCE = 2000; // milliseconds until a worker that says nothing is asked, and then given up
const SLICE = 12;

const urlOf = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

/** What sends orders to an engine; `report` hears of its own trainings alone.
 *
 * @param code The engine, as text or, in a built page, as a function: that a policy cannot forbid
 * @param report What to do with a message of the engine
 * @param failed What to do with the error where nothing here can train
 */
function trainer(code, report, failed) {
  let number = 0; // of the training that is on
  let last = null; // the order that opened it
  let known = null; // its last report
  let meant = null; // settings that no report knows of yet
  let playing = false;
  let seen = -1; // the last record's step: what is repeated is not reported again
  let send = null; // once something listens
  let stop = () => {};
  let silent; // the timer
  let worker = null;
  let given = false; // whether there is no worker any more
  const waiting = [];
  const received = (message) => {
    if (message.number !== number) return;
    if (message.thrown && !given) {
      here();
      return;
    }
    const records = message.records.filter(({ step }) => step > seen);
    seen = records.at(-1)?.step ?? seen;
    if (!message.thrown) {
      known = message;
      if (JSON.stringify(message.log.at(-1)?.[1]) === JSON.stringify(meant)) meant = null;
    }
    if (message.failed || message.done >= message.steps) playing = false;
    report({ ...message, records });
  };
  const listen = (to) => {
    send = to;
    waiting.splice(0).forEach(send);
  };
  /** The order that repeats the training up to where it was heard of, and goes on if it was. */
  const again = () => {
    const { log = last.job.log, done = 0 } = known ?? {};
    return { ...last, job: { ...last.job, play: playing, again: done,
      log: meant ? [...log.filter(([at]) => at < done), [done, meant]] : log } };
  };
  const here = async () => {
    if (given) return;
    given = true;
    await null; // whoever asked for this has the trainer by now
    clearTimeout(silent);
    stop();
    [send, worker] = [null, null];
    try {
      if (!globalThis.gradbookLab) {
        if (typeof code === "function") code();
        else {
          const url = urlOf(code);
          await import(url).finally(() => URL.revokeObjectURL(url));
        }
      }
      const server = globalThis.gradbookLab.server(received, SLICE);
      stop = server.close;
      if (last && !waiting.includes(last)) server.receive(again());
      listen(server.receive);
    } catch (error) {
      failed(error);
    }
  };
  /** Gives the worker up if it says nothing, and nothing again when it is asked. */
  const watch = () => {
    clearTimeout(silent);
    silent = setTimeout(() => {
      worker.postMessage({ order: "hello" });
      silent = setTimeout(here, PATIENCE);
    }, PATIENCE);
  };
  try {
    const text = typeof code === "function" ? `(${code})();` : code;
    const url = urlOf(`${text}\nconst own = gradbookLab.server((m) => postMessage(m));`
      + "onmessage = ({ data }) => own.receive(data);");
    worker = new Worker(url);
    stop = () => worker?.terminate();
    silent = setTimeout(here, PATIENCE);
    worker.onerror = (event) => {
      event.preventDefault();
      here();
    };
    worker.onmessage = ({ data }) => {
      clearTimeout(silent);
      if (data.hello && !send) {
        URL.revokeObjectURL(url);
        listen((message) => {
          worker.postMessage(message);
          watch();
        });
      } else if (data.hello ? playing || known?.busy : data.busy) watch();
      if (!data.hello) received(data);
    };
    worker.postMessage({ order: "hello" });
  } catch {
    here();
  }
  const order = (message) => {
    if (send) send(message);
    else waiting.push(message);
  };
  return {
    open(job) {
      number++;
      [last, known, meant, seen] = [{ order: "open", job, number }, null, null, -1];
      playing = Boolean(job.play);
      order(last);
    },
    order(name, more = {}) {
      if (name === "play" || name === "pause") playing = name === "play";
      if (name === "set") meant = more.settings;
      order({ order: name, ...more });
    },
    close() {
      clearTimeout(silent);
      stop();
    },
  };
}
