// One server: what it does now, and the dialogs that change it.

import { ask, told } from "./change.js";
import { button, el, field, notice, open, text } from "./ui.js";
import { change, segment } from "./api.js";
import { drainKey, state, wantLatency, watch } from "./store.js";
import { duration, millis, number, rate, time } from "./format.js";
import { may } from "./roles.js";

const path = (upstream, id) => `/upstreams/${segment(upstream)}/servers/${id}`;

/** What is known of a server now; null if it is gone. */
export function look(upstream, id) {
  const group = state.upstreams.get(upstream);
  const server = group?.servers.find((one) => one.id === id);
  if (!server) return null;
  const figures = state.figures.get(upstream);
  const row = figures?.index.get(id);
  const rates = state.rates.get(upstream);
  const at = (column) => (row === undefined ? undefined : figures.now[column][row]);
  return {
    group,
    server,
    drain: state.drains.get(drainKey(upstream, id)),
    state: at("state") ?? server.live?.state ?? "down",
    active: at("active") ?? server.live?.active ?? 0,
    requests: at("requests") ?? 0,
    rate: row === undefined ? 0 : (rates?.requests[row] ?? 0),
    errors: row === undefined ? 0 : (rates?.errors[row] ?? 0),
    header: (at("header_us") ?? 0) / 1000,
    response: (at("response_us") ?? 0) / 1000,
    fails: at("fails") ?? 0,
    checks: at("checks") ?? 0,
    checksFailed: at("checks_failed") ?? 0,
    passed: at("last_passed") ?? null,
    figures,
    row,
  };
}

/** The state in words, with how far a drain is. */
export function standing(one) {
  if (one.drain) return `draining, ${one.active} left`;
  return one.state;
}

/** What of checks there is to be told. */
export function health(one) {
  if (one.checks === 0) return "–";
  if (one.passed === false) return "failed";
  return one.checksFailed ? `passed (${number(one.checksFailed)} of ${number(one.checks)} failed)` : "passed";
}

const input = (name, value, more = {}) => el("input", { name, value, autocomplete: "off", ...more });
const whole = (name, value, min) => input(name, value, { type: "number", min, step: 1, required: true });

export function add(upstream) {
  const server = input("server", "", { required: true, placeholder: "10.0.0.7:8080" });
  const weight = whole("weight", 1, 1);
  const most = whole("max_conns", 0, 0);
  const backup = el("input", { type: "checkbox", name: "backup" });
  const resolve = el("input", { type: "checkbox", name: "resolve" });
  ask({
    title: `Add a server to ${upstream}`,
    content: [
      field("Server", server, "an address and port, or a name, which is looked up"),
      field("Weight", weight),
      field("Most requests at once", most, "0: no limit"),
      field("Backup: only when the others are out", backup),
      field("Go on resolving the name", resolve),
    ],
    action: "Add",
    request: () => {
      const body = { server: server.value.trim(), weight: Number(weight.value) };
      if (Number(most.value) > 0) body.max_conns = Number(most.value);
      if (backup.checked) body.backup = true;
      if (resolve.checked) body.resolve = true;
      return { method: "POST", path: `/upstreams/${segment(upstream)}/servers`, body };
    },
  });
}

export function edit(upstream, id) {
  const { server } = look(upstream, id);
  const controls = {
    weight: whole("weight", server.weight, 1),
    max_conns: whole("max_conns", server.max_conns, 0),
    max_fails: whole("max_fails", server.max_fails, 0),
    fail_timeout: input("fail_timeout", server.fail_timeout, { required: true }),
    slow_start: input("slow_start", server.slow_start, { required: true }),
    route: input("route", server.route),
    down: el("input", { type: "checkbox", name: "down", checked: server.down }),
  };
  ask({
    title: `Edit ${server.server}`,
    content: [
      field("Weight", controls.weight),
      field("Most requests at once", controls.max_conns, "0: no limit"),
      field("Failures until it is taken out", controls.max_fails, "0: never"),
      field("Within, and for", controls.fail_timeout, "such as 10s"),
      field("Slow start", controls.slow_start, "0s: none"),
      field("Route", controls.route, "for sticky sessions"),
      field("Down: gets no requests at all", controls.down),
    ],
    action: "Save",
    request: () => {
      const body = {};
      for (const [name, control] of Object.entries(controls)) {
        const value =
          control.type === "checkbox" ? control.checked : control.type === "number" ? Number(control.value) : control.value.trim();
        if (value !== server[name]) body[name] = value; // what was not touched may be changed by others
      }
      return { method: "PATCH", path: path(upstream, id), body };
    },
  });
}

export function drain(upstream, id) {
  const { server, active } = look(upstream, id);
  const deadline = input("deadline", "30s");
  const then = el(
    "select",
    { name: "then" },
    el("option", { value: "keep" }, "keep it drained"),
    el("option", { value: "remove" }, "remove it"),
    el("option", { value: "down" }, "mark it down"),
  );
  ask({
    title: `Drain ${server.server}`,
    text: `It gets no new requests. ${active === 1 ? "1 request is" : `${number(active)} requests are`} there now.`,
    content: [field("Wait at most", deadline, "such as 30s; empty: as long as it takes"), field("Then", then)],
    action: "Drain",
    request: () => {
      const body = { then: then.value };
      if (deadline.value.trim()) body.deadline = deadline.value.trim();
      return { method: "POST", path: `${path(upstream, id)}/drain`, body };
    },
  });
}

/** Takes requests again: ends the drain, or the mark that one has left. */
export async function takeBack(upstream, id) {
  const one = look(upstream, id);
  try {
    const answer = one.drain
      ? await change("DELETE", `/drains/${one.drain.id}`)
      : await change("PATCH", path(upstream, id), { drain: false, down: false });
    notice(answer.revision ? `Revision ${answer.revision}: ${one.server.server} takes requests again` : "Done");
  } catch (error) {
    notice(told(error), "error");
  }
}

export function remove(upstream, id) {
  const { server, active } = look(upstream, id);
  ask({
    title: `Remove ${server.server}`,
    text: `It gets no request any more${active ? `; the ${number(active)} it has end in peace` : ""}.`,
    action: "Remove",
    danger: true,
    request: () => ({ method: "DELETE", path: path(upstream, id) }),
  });
}

/** The buttons that a server has for who is here. */
export function actions(upstream, id, one) {
  if (!may(state.you, "servers", { upstream })) return [];
  const name = one.server.server;
  const back = one.drain || one.server.drain || one.server.down;
  return [
    button("Edit", () => edit(upstream, id), { "aria-label": `Edit ${name}` }),
    back
      ? button("Take back", () => takeBack(upstream, id), { "aria-label": `Take ${name} back` })
      : button("Drain", () => drain(upstream, id), { "aria-label": `Drain ${name}` }),
    button("Remove", () => remove(upstream, id), { "aria-label": `Remove ${name}`, class: "quiet" }),
  ];
}

const bound = (us) => (us < 1000 ? `${us / 1000} ms` : us < 1_000_000 ? `${us / 1000} ms` : `${us / 1_000_000} s`);

/** How long responses took: bars by bucket. */
function histogram() {
  const rows = el("tbody");
  const root = el(
    "table",
    { class: "histogram" },
    el("caption", {}, "Response times since it joined"),
    el("thead", { class: "hidden" }, el("tr", {}, el("th", { scope: "col" }, "At most"), el("th", { scope: "col" }, "Responses"))),
    rows,
  );
  const bars = [];
  const update = (bounds, counts) => {
    if (bars.length === 0) {
      [...bounds, null].forEach((us) => {
        const bar = el("span", { class: "bar" });
        const count = el("span", {});
        bars.push({ bar, count, row: el("tr", {}, el("th", { scope: "row" }, us === null ? "longer" : bound(us)), el("td", {}, bar, count)) });
      });
      rows.append(...bars.map(({ row }) => row));
    }
    const most = Math.max(1, ...counts);
    const first = counts.findIndex((count) => count > 0);
    const last = counts.findLastIndex((count) => count > 0);
    bars.forEach(({ bar, count, row }, i) => {
      row.hidden = first < 0 || i < first - 1 || i > last + 1;
      bar.style.width = `${(60 * counts[i]) / most}%`;
      text(count, number(counts[i]));
    });
    root.hidden = first < 0;
  };
  root.hidden = true;
  return { root, update };
}

/** Everything about a server, kept up to date. */
export function details(upstream, id) {
  const facts = el("dl", { class: "facts" });
  const cells = new Map();
  const buttons = el("p", { class: "buttons" });
  const progress = el("p", { class: "progress", role: "status", hidden: true });
  const bars = histogram();
  let signature = "";
  const show = (name, value) => {
    let cell = cells.get(name);
    if (!cell) {
      cell = el("dd");
      cells.set(name, cell);
      facts.append(el("div", {}, el("dt", {}, name), cell));
    }
    text(cell, value);
  };
  const update = () => {
    const one = look(upstream, id);
    if (!one) {
      dialog.close();
      return;
    }
    const { server } = one;
    show("state", standing(one));
    show("upstream", upstream);
    show("address", server.address);
    if (server.resolve) show("resolved", server.live?.resolved.map((peer) => peer.address).join(", ") || "not yet");
    show("weight", server.weight);
    show("active", `${number(one.active)}${server.max_conns ? ` of ${number(server.max_conns)}` : ""}`);
    show("requests", `${number(one.requests)}, ${rate(one.rate)}/s`);
    show("response", `${millis(one.response)}, head ${millis(one.header)}`);
    show("failures", number(one.fails));
    show("checks", health(one));
    show("taken out after", server.max_fails ? `${server.max_fails} failures in ${server.fail_timeout}` : "never");
    show("slow start", server.slow_start);
    show("role", server.backup ? "backup" : "primary");
    if (server.route) show("route", server.route);
    progress.hidden = !one.drain;
    if (one.drain) {
      const { deadline, then, sessions, started } = one.drain;
      text(
        progress,
        `Draining for ${duration(Date.now() - Date.parse(started))}: ${one.active} requests left` +
          `${sessions ? `, ${sessions} sessions bound` : ""}${deadline ? `, until ${time(deadline)} at most` : ""}; then ${then}.`,
      );
    }
    const now = `${one.server.drain} ${one.server.down} ${Boolean(one.drain)} ${JSON.stringify(state.you)}`;
    if (now !== signature) {
      signature = now;
      buttons.replaceChildren(...actions(upstream, id, one));
    }
    const latency = one.figures?.now.latency;
    if (latency && one.row !== undefined) bars.update(one.figures.now.bounds_us, latency[one.row]);
  };
  wantLatency(upstream);
  const end = watch((topics) => {
    if (["figures", "state", "drains", "you"].some((topic) => topics.has(topic))) update();
  });
  const name = look(upstream, id)?.server.server ?? "";
  const dialog = open(name, el("div", {}, progress, facts, bars.root, buttons), {
    wide: true,
    onclose: () => {
      end();
      wantLatency("");
    },
  });
  update();
}

// ---- groups

export function makeGroup() {
  const name = input("name", "", { required: true });
  const method = el(
    "select",
    { name: "method" },
    ["round_robin", "least_conn", "least_time header", "ip_hash", "random", "random two"].map((one) => el("option", {}, one)),
  );
  const servers = el("textarea", { name: "servers", rows: 4, placeholder: "10.0.0.7:8080" });
  ask({
    title: "Make an upstream",
    content: [field("Name", name), field("Method", method), field("Servers", servers, "one a line")],
    action: "Make it",
    request: () => ({
      method: "POST",
      path: "/upstreams",
      body: {
        name: name.value.trim(),
        method: method.value,
        servers: servers.value
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean)
          .map((server) => ({ server })),
      },
    }),
  });
}

export function removeGroup(upstream) {
  ask({
    title: `Remove upstream ${upstream}`,
    text: "With all its servers. What points at it is answered 502 from then on.",
    action: "Remove",
    danger: true,
    preview: true,
    request: () => ({ method: "DELETE", path: `/upstreams/${segment(upstream)}` }),
  });
}
