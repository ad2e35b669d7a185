// The timeline: requests, errors and response times, with a mark at each revision.

import { colour, el } from "./ui.js";
import { state } from "./store.js";
import { millis, rate } from "./format.js";

/* global uPlot */

const HEIGHT = { rate: 190, times: 130 };

function marks() {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        const { min, max } = plot.scales.x;
        ctx.save();
        ctx.strokeStyle = plot.colours.mark;
        ctx.fillStyle = plot.colours.mark;
        ctx.lineWidth = devicePixelRatio;
        ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
        ctx.textBaseline = "top";
        ctx.textAlign = "left";
        let drawn = Infinity;
        let free = Infinity; // the newest has its number, others where there is room
        for (const one of state.revisions) {
          const at = Date.parse(one.time) / 1000;
          if (at < min) break;
          if (at > max) continue;
          const x = Math.round(plot.valToPos(at, "x", true));
          if (drawn - x < 3) continue; // many at once are one line
          drawn = x;
          ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const label = `#${one.revision}`;
          const width = ctx.measureText(label).width + 8 * devicePixelRatio;
          const left = x + width > bbox.left + bbox.width ? x - width : x + 4 * devicePixelRatio;
          if (left + width < free) {
            ctx.fillText(label, left, bbox.top + 2 * devicePixelRatio);
            free = left;
          }
        }
        ctx.restore();
      },
    },
  };
}

function options(width, height, colours, series, format) {
  const axis = { stroke: colours.dim, grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line } };
  return {
    width,
    height,
    cursor: { sync: { key: "timeline" }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (_, min, max) => [0, Math.max(max ?? 0, 1) * 1.1] } },
    axes: [
      { ...axis, space: 70 },
      { ...axis, size: 74, values: (_, values) => values.map(format) },
    ],
    series: [{ label: "Time" }, ...series],
    plugins: [marks()],
  };
}

/** Makes the timeline; `update()` draws it anew, `destroy()` ends it. */
export function timeline() {
  const rates = el("div", { class: "plot" });
  const times = el("div", { class: "plot" });
  const words = el("p", { class: "hidden" });
  const frame = el("div", { role: "img", "aria-label": "Timeline" }, rates, times);
  const root = el("div", {}, frame, words);
  let minutes = 5;
  let plots = [];

  const make = () => {
    plots.forEach((plot) => plot.destroy());
    const colours = Object.fromEntries(
      ["ink", "dim", "line", "mark", "good", "bad", "accent", "fill"].map((name) => [name, colour(name)]),
    );
    const width = Math.max(240, root.clientWidth);
    const value = (format) => (_, raw) => (raw === null ? "–" : format(raw));
    plots = [
      new uPlot(
        options(
          width,
          HEIGHT.rate,
          colours,
          [
            { label: "requests/s", stroke: colours.accent, fill: colours.fill, width: 1.5, value: value(rate), points: { show: false } },
            { label: "5xx/s", stroke: colours.bad, fill: colours.bad, width: 1.5, value: value(rate), points: { show: false } },
          ],
          rate,
        ),
        null,
        rates,
      ),
      new uPlot(
        options(
          width,
          HEIGHT.times,
          colours,
          [
            { label: "p99", stroke: colours.accent, width: 1.5, value: value(millis), points: { show: false } },
            { label: "p50", stroke: colours.dim, width: 1, value: value(millis), points: { show: false } },
          ],
          (ms) => (ms === 0 ? "0" : millis(ms)),
        ),
        null,
        times,
      ),
    ];
    for (const plot of plots) plot.colours = colours;
    update();
  };

  const update = () => {
    if (plots.length === 0) return;
    const line = state.timeline;
    const shown = Math.min(line.time.length, minutes * 60);
    const last = (values) => values.slice(values.length - shown);
    const x = last(line.time).map((ms) => ms / 1000);
    const end = line.time.length ? line.time.at(-1) / 1000 : Date.now() / 1000;
    const range = { min: end - minutes * 60, max: end };
    const data = [
      [x, last(line.requests), last(line.serverErrors)],
      [x, last(line.p99).map((us) => us / 1000), last(line.p50).map((us) => us / 1000)],
    ];
    plots.forEach((plot, i) =>
      plot.batch(() => {
        plot.setData(data[i], false);
        plot.setScale("x", range);
        if (x.length && !(plot.cursor.left >= 0)) plot.setLegend({ idx: x.length - 1 }); // nobody points: the latest
      }),
    );
    const now = line.time.length - 1;
    const said = now < 0 ? "nothing counted yet" : `${rate(line.requests[now])} requests per second, ${rate(line.serverErrors[now])} of them answered 5xx, 99 of 100 within ${millis(line.p99[now] / 1000)}`;
    frame.setAttribute("aria-label", `Timeline of the last ${minutes} minutes; now ${said}`);
  };

  const resized = new ResizeObserver(() => {
    const width = Math.max(240, root.clientWidth);
    if (plots.length === 0) make();
    else if (plots[0].width !== width) plots.forEach((plot) => plot.setSize({ width, height: plot.height }));
  });
  resized.observe(root);
  document.addEventListener("themechange", make);

  return {
    root,
    update,
    show: (wanted) => {
      minutes = wanted;
      update();
    },
    destroy: () => {
      resized.disconnect();
      document.removeEventListener("themechange", make);
      plots.forEach((plot) => plot.destroy());
      plots = [];
    },
  };
}

/** The means of the seconds between two moments, in milliseconds; null if there are none. */
export function means(from, to) {
  const { time, requests, serverErrors, p99 } = state.timeline;
  const first = after(time, from);
  const end = after(time, to);
  if (end <= first) return null;
  let all = 0;
  let errors = 0;
  let slow = 0;
  for (let i = first; i < end; i++) {
    all += requests[i];
    errors += serverErrors[i];
    slow += p99[i] * requests[i];
  }
  return { rate: all / (end - first), errors: all ? errors / all : 0, p99: all ? slow / all / 1000 : 0 };
}

/** Where the samples after a moment begin. */
function after(time, moment) {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle] <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
