/* A bet by stopping: a measured run plays, its loss is drawn as far as it has come, and the reader's
 * stop is the bet. */

const BEAT = 120; // milliseconds from one measurement to the next

/** What a stop has cost. */
function costOf({ step, loss, counts, seeds, within, agree }, stop) {
  const at = step.indexOf(stop);
  const [here, least, end] = [loss[at], Math.min(...loss), loss.at(-1)].map((v) => v.toFixed(3));
  const more = (here - least).toFixed(3);
  const also = counts.map(({ text, of, values }) => `${values[at]} of ${of} ${text}`).join(", ");
  return `You stopped at step ${stop}, at a loss of ${here}. It was lowest, ${least}, at step `
    + `${step[loss.indexOf(Math.min(...loss))]}: you lost ${Number(more) ? more : "nothing"}. ${also}. `
    + `Run to the end, the loss is ${end}. In ${agree[at]} of ${seeds} seeds a stop here costs at `
    + `most ${within}.`;
}

function run(meta, place) {
  const { step, loss } = meta;
  const last = step.length - 1;
  const high = Math.ceil(10 * Math.max(...loss)) / 10;
  const [left, right, bottom] = [EDGE.left, WIDE - EDGE.right, TALL - EDGE.bottom];
  const x = (v) => left + ((right - left) * Math.log(v + 1)) / Math.log(step[last] + 1);
  const y = (v) => bottom - ((bottom - EDGE.top) * v) / high;
  const [course, mine, lowest] = ["course", "mine", "lowest"].map((name) => svg("path", { class: name }));
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, class: "axes", role: "img" },
    svg("path", { class: "axis", d: `M${left} ${EDGE.top}V${bottom}H${right}` }),
    ...[0, 10, 100, 1000].map((v) => svg("text", { x: x(v), y: bottom + 19 }, v)),
    ...[0, high / 2, high].map((v) => svg("text", { class: "end", x: left - 8, y: y(v) + 5 },
      Number(v.toFixed(2)))),
    course, lowest, mine);
  const legend = html("p", { class: "legend" }, html("span", { class: "key course" },
    "loss on fresh examples"), html("span", {}, "over steps of training"));
  const marks = ["lowest", "your stop"].map((text, i) =>
    html("span", { class: `key ${i ? "mine" : "lowest"}` }, text));
  legend.append(...marks);
  const now = html("span", { class: "now" });
  const heard = html("div", { class: "spoken", "aria-live": "polite" });
  const go = button("", { class: "first", "data-action": "run" });
  const stop = button("Stop here", { class: "first", "data-action": "stop" });
  const element = html("div", { class: "run", role: "group", "data-control": "guess" },
    html("div", { class: "acts" }, go, stop, now), picture, legend,
    html("div", { class: "speech" }, heard));
  let [at, timer, opened] = [0, undefined, false];

  const draw = (until) => course.setAttribute("d", step.slice(0, until + 1).map((v, i) =>
    `${i ? "L" : "M"}${x(v).toFixed(1)} ${y(loss[i]).toFixed(1)}`).join(""));
  const say = () => {
    now.textContent = `Step ${step[at]}, loss ${loss[at].toFixed(3)}`;
    picture.setAttribute("aria-label", `${now.textContent}; what comes next is hidden`);
    go.textContent = timer ? "Pause" : at ? "Go on" : "Start training";
    for (const part of [stop, now]) part.hidden = !at;
    for (const part of [picture, legend]) part.toggleAttribute("hidden", !at && !opened);
  };
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const stride = () => Math.max(1, Math.round(pace(BEAT) / BEAT));
  const advance = () => {
    const before = at;
    at = Math.min(last, at + stride());
    draw(at);
    if (at === last) return place(step[last]);
    say();
    if (Math.floor(at / 16) > Math.floor(before / 16)) heard.textContent = now.textContent;
  };
  go.addEventListener("click", () => {
    if (timer) pause();
    else timer = setInterval(advance, pace(BEAT));
    say();
    heard.textContent = timer ? "" : now.textContent;
  });
  stop.addEventListener("click", () => place(step[at]));

  const show = (guess, open) => {
    if (open || opened) {
      pause();
      at = 0;
    }
    opened = open;
    const kept = step.indexOf(guess);
    const best = loss.indexOf(Math.min(...loss));
    draw(open ? last : at);
    say();
    mine.setAttribute("d", open && kept >= 0 ? `M${x(guess)} ${bottom}V${EDGE.top}` : "");
    lowest.setAttribute("d", open ? `M${x(step[best])} ${bottom}V${y(loss[best])}` : "");
    marks.forEach((mark, i) => { mark.hidden = !open || (i === 1 && kept < 0); });
    go.parentElement.hidden = open;
    heard.textContent = "";
    if (open) {
      picture.setAttribute("aria-label", `Loss on fresh examples: ${loss[0].toFixed(2)} at first, `
        + `lowest at step ${step[best]}, ${loss[last].toFixed(2)} at the end`);
    }
  };
  return { element, show, stop: pause };
}

PARTS.run = run;
run.agreement = ({ step, agree, seeds }, guess) => (agree[step.indexOf(guess)] ?? 0) / seeds;
run.verdict = (meta, guess) => (meta.step.includes(guess) ? costOf(meta, guess) : "You stopped at no step of this run.");
