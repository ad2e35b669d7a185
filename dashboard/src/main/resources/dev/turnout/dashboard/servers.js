// Groups and their servers, live. Rows that are not in the window are not in the page, so a thousand
// servers cost what forty do.

import { actions, add, details, health, look, makeGroup, removeGroup, standing } from "./server.js";
import { button, el, text } from "./ui.js";
import { millis, number, rate } from "./format.js";
import { may } from "./roles.js";
import { drainKey, state, watch } from "./store.js";

const HEIGHT = 44; // of every row, in pixels; the style sheet has the same
const AROUND = 12; // rows beyond the window
const TROUBLE = new Set(["unavail", "unhealthy", "down", "unresolved", "checking"]);

/** How a group stands: the sums over its servers. */
function sums(name) {
  const figures = state.figures.get(name)?.now;
  const rates = state.rates.get(name);
  const sum = (values) => (values ?? []).reduce((all, one) => all + one, 0);
  return {
    up: figures ? figures.state.filter((one) => one === "up").length : 0,
    total: state.upstreams.get(name)?.servers.length ?? 0,
    active: sum(figures?.active),
    rate: sum(rates?.requests),
    errors: sum(rates?.errors),
  };
}

function groupRow(name) {
  const summary = el("span", { class: "dim" });
  const group = state.upstreams.get(name);
  const standingText = group.state === "configured" ? "" : group.state;
  const root = el(
    "tr",
    { class: "group" },
    el(
      "th",
      { scope: "rowgroup", colSpan: columns },
      el(
        "div",
        { class: "group-line" },
        el("span", { class: "group-name" }, name),
        el("span", { class: "dim medium" }, group.method.replaceAll("_", " ")),
        standingText && el("span", { class: "tag", title: "compared with the configuration" }, standingText),
        summary,
        el(
          "span",
          { class: "actions" },
          may(state.you, "servers", { upstream: name }) &&
            button("Add server", () => add(name), { "aria-label": `Add server to ${name}` }),
          may(state.you, "group", { upstream: name }) &&
            button("Remove group", () => removeGroup(name), { "aria-label": `Remove group ${name}`, class: "quiet medium" }),
        ),
      ),
    ),
  );
  const update = () => {
    const now = sums(name);
    if (columns < 4) {
      text(summary, `${now.up} of ${now.total} up`);
      return;
    }
    text(
      summary,
      `${now.up} of ${now.total} up · ${number(now.active)} active · ${rate(now.rate)}/s${now.errors > 0 ? ` · ${rate(now.errors)} errors/s` : ""}`,
    );
  };
  return { root, update, signature: groupSignature(name) };
}

function groupSignature(name) {
  const group = state.upstreams.get(name);
  return group ? `${group.state} ${group.method} ${columns} ${rights}` : "";
}

let rights = "";
let columns = 1; // that are to be seen: narrow windows have fewer

function serverSignature(upstream, id) {
  const group = state.upstreams.get(upstream);
  const server = group?.servers.find((one) => one.id === id);
  return server ? `${server.server} ${server.drain} ${server.down} ${state.drains.has(drainKey(upstream, id))} ${rights}` : "";
}

function serverRow(upstream, id) {
  const first = look(upstream, id);
  const cell = (kind = "") => el("td", { class: kind });
  const status = el("span", {});
  const cells = {
    weight: cell("number medium"),
    active: cell("number medium"),
    rate: cell("number"),
    errors: cell("number medium"),
    response: cell("number medium"),
    checks: cell("wide-only"),
  };
  const root = el(
    "tr",
    { class: "server", "data-server": `${upstream}/${id}` },
    el(
      "th",
      { scope: "row" },
      button(first.server.server, () => details(upstream, id), { class: "link", "aria-label": `${first.server.server}: details` }),
      first.server.backup && [" ", el("span", { class: "tag medium" }, "backup")],
    ),
    el("td", {}, status),
    Object.values(cells),
    el("td", { class: "actions medium" }, actions(upstream, id, first)),
  );
  let shown = "";
  const update = () => {
    const one = look(upstream, id);
    if (!one) return;
    const kind = one.drain ? "draining" : one.state;
    if (kind !== shown) {
      shown = kind;
      status.className = `state ${kind}`;
    }
    text(status, standing(one));
    text(cells.weight, number(one.server.weight));
    text(cells.active, one.server.max_conns ? `${number(one.active)}/${number(one.server.max_conns)}` : number(one.active));
    text(cells.rate, rate(one.rate));
    text(cells.errors, one.errors > 0 ? rate(one.errors) : "–");
    text(cells.response, millis(one.response));
    text(cells.checks, health(one));
  };
  return { root, update, signature: serverSignature(upstream, id) };
}

export function serversView(parameters) {
  const filter = el("input", { type: "search", id: "server-filter", placeholder: "group or address …", autocomplete: "off", value: parameters.get("group") ?? "" });
  const trouble = el("input", { type: "checkbox", id: "only-trouble" });
  const count = el("span", { class: "dim", role: "status" });
  const make = el("span", {});
  const above = el("tr", { "aria-hidden": "true", class: "space" }, el("td"));
  const below = el("tr", { "aria-hidden": "true", class: "space" }, el("td"));
  const body = el("tbody", {}, above, below);
  const heads = [
    ["Server", ""],
    ["State", ""],
    ["Weight", "number medium"],
    ["Active", "number medium"],
    ["Req/s", "number"],
    ["Errors/s", "number medium"],
    ["Response", "number medium"],
    ["Checks", "wide-only"],
    ["Actions", "medium"],
  ];
  const grid = el(
    "table",
    { class: "servers" },
    el("caption", { class: "hidden" }, "Servers by group"),
    el("thead", {}, el("tr", {}, heads.map(([head, kind]) => el("th", { scope: "col", class: kind }, head)))),
    body,
  );
  const empty = el("p", { class: "dim", hidden: true }, "Nothing like that.");

  let rows = []; // all that fit the filter: {key, upstream, id}
  let drawn = new Map(); // key -> what groupRow and serverRow give

  const isTrouble = (upstream, id) => {
    const figures = state.figures.get(upstream);
    const row = figures?.index.get(id);
    return row !== undefined && TROUBLE.has(figures.now.state[row]);
  };

  const collect = () => {
    const wanted = filter.value.trim().toLowerCase();
    rows = [];
    let servers = 0;
    for (const [name, group] of state.upstreams) {
      if (group.state === "deleted") continue;
      const whole = name.toLowerCase().includes(wanted);
      const fitting = group.servers.filter(
        (server) =>
          (whole || server.server.toLowerCase().includes(wanted)) && (!trouble.checked || isTrouble(name, server.id)),
      );
      if (fitting.length === 0 && (!whole || trouble.checked)) continue;
      rows.push({ key: name, upstream: name, id: null });
      for (const server of fitting) rows.push({ key: `${name}/${server.id}`, upstream: name, id: server.id });
      servers += fitting.length;
    }
    text(count, `${number(servers)} ${servers === 1 ? "server" : "servers"}`);
    empty.hidden = rows.length > 0;
    grid.hidden = rows.length === 0;
  };

  const draw = () => {
    rights = JSON.stringify(state.you);
    columns = [...grid.tHead.rows[0].cells].filter((head) => head.offsetWidth > 0).length || 1;
    above.firstChild.colSpan = below.firstChild.colSpan = columns;
    const top = grid.getBoundingClientRect().top + grid.tHead.offsetHeight;
    const first = Math.max(0, Math.floor(-top / HEIGHT) - AROUND);
    const end = Math.min(rows.length, Math.ceil((innerHeight - top) / HEIGHT) + AROUND);
    const next = new Map();
    let at = above.nextSibling;
    for (let i = first; i < end; i++) {
      const { key, upstream, id } = rows[i];
      const signature = id === null ? groupSignature(upstream) : serverSignature(upstream, id);
      let one = drawn.get(key);
      if (one && one.signature !== signature) {
        if (at === one.root) at = at.nextSibling;
        one.root.remove();
        one = undefined;
      }
      one ??= id === null ? groupRow(upstream) : serverRow(upstream, id);
      drawn.delete(key);
      next.set(key, one);
      one.root.ariaRowIndex = i + 2;
      if (one.root === at) at = at.nextSibling;
      else body.insertBefore(one.root, at);
    }
    for (const { root } of drawn.values()) root.remove();
    drawn = next;
    above.firstChild.style.height = `${first * HEIGHT}px`;
    below.firstChild.style.height = `${Math.max(0, rows.length - end) * HEIGHT}px`;
    above.hidden = first === 0;
    below.hidden = end === rows.length;
    grid.setAttribute("aria-rowcount", rows.length + 1);
    refresh();
  };
  const refresh = () => {
    for (const { update } of drawn.values()) update();
  };
  const all = () => {
    make.replaceChildren(...(may(state.you, "group", { upstream: state.you?.upstreams[0] ?? "" }) ? [button("New group", makeGroup)] : []));
    collect();
    draw();
  };

  let frame = 0;
  const scrolled = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  addEventListener("scroll", scrolled, { passive: true });
  addEventListener("resize", scrolled);
  filter.addEventListener("input", all);
  trouble.addEventListener("change", all);

  const end = watch((topics) => {
    if (["state", "you", "drains"].some((topic) => topics.has(topic)) || (trouble.checked && topics.has("figures"))) all();
    else if (topics.has("figures")) refresh();
  });
  return {
    title: "Servers",
    root: el(
      "section",
      { class: "card" },
      el("header", {}, el("h1", {}, "Servers"), count, make),
      el("p", { class: "tools" }, el("label", { htmlFor: filter.id }, "Filter"), filter, el("label", { class: "check" }, trouble, " Only trouble")),
      grid,
      empty,
    ),
    shown: all,
    end: () => {
      end();
      removeEventListener("scroll", scrolled);
      removeEventListener("resize", scrolled);
    },
  };
}
