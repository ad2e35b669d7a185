// The first view: which host goes where, the timeline of switches, and the way back.

import { ask } from "./change.js";
import { button, el, field, keyed, table, text } from "./ui.js";
import { row, signature } from "./history.js";
import { may } from "./roles.js";
import { segment } from "./api.js";
import { state, watch } from "./store.js";
import { timeline } from "./chart.js";

const MOST_KEYS = 200;
const LATEST = 12;
let minutes = 5;

function targets() {
  const names = el("datalist", { id: "targets" });
  names.append(...[...state.upstreams.keys()].map((name) => el("option", { value: name })));
  return names;
}

function keyPath(zone, key) {
  return `/zones/${segment(zone)}/keys/${key.split("/").map(segment).join("/")}`;
}

function setKey(zone, key, present) {
  const host = el("input", { value: key ?? "", required: true, autocomplete: "off" });
  const target = el("input", { value: present ?? "", required: true, autocomplete: "off" });
  const known = targets();
  target.setAttribute("list", known.id);
  ask({
    title: key === undefined ? `Add a key to ${zone}` : `Switch ${key}`,
    content: [
      key === undefined ? field("Key", host, "such as the host: lower case, no port") : null,
      field("Value", target, "the name of an upstream, for a switch"),
      known,
    ],
    action: key === undefined ? "Add" : "Switch",
    request: () => ({
      method: "PUT",
      path: keyPath(zone, key ?? host.value.trim()),
      body: key === undefined ? { value: target.value.trim(), if_absent: true } : { value: target.value.trim() },
    }),
  });
  if (key !== undefined) target.select();
}

function removeKey(zone, key) {
  ask({
    title: `Remove ${key}`,
    text: `Without an entry in ${zone} the default of the configuration holds.`,
    action: "Remove",
    danger: true,
    request: () => ({ method: "DELETE", path: keyPath(zone, key) }),
  });
}

function keyRow(zone, key, value) {
  const allowed = may(state.you, "key", { host: key });
  const group = state.upstreams.get(value);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, key),
    el(
      "td",
      {},
      group ? el("a", { href: `#/servers?group=${encodeURIComponent(value)}` }, value) : el("span", { class: "literal" }, value),
    ),
    el(
      "td",
      { class: "actions" },
      allowed && [
        button("Switch", () => setKey(zone, key, value), { "aria-label": `Switch ${key}` }),
        button("Remove", () => removeKey(zone, key), { "aria-label": `Remove ${key}`, class: "quiet" }),
      ],
    ),
  );
}

function zoneCard(zone) {
  const keys = Object.entries(zone.entries ?? {});
  const content = table("", ["Key", "Goes to", { text: "Actions", class: "end" }], keys.slice(0, MOST_KEYS).map(([key, value]) => keyRow(zone.name, key, value)));
  content.caption.textContent = `Entries of ${zone.name}`;
  return el(
    "section",
    { class: "card", "data-zone": zone.name },
    el(
      "header",
      {},
      el("h2", {}, zone.name),
      el("span", { class: "dim" }, `${zone.keys} keys, ${Math.ceil((100 * zone.used) / zone.size)} % of its memory`),
      may(state.you, "key", { host: state.you?.hosts[0] ?? "" }) &&
        button("Add key", () => setKey(zone.name), { "aria-label": `Add key to ${zone.name}` }),
    ),
    keys.length ? content : el("p", { class: "dim" }, "Empty: the default of the configuration holds for every key."),
    keys.length > MOST_KEYS && el("p", { class: "dim" }, `${keys.length - MOST_KEYS} more are not shown.`),
  );
}

export function switchesView() {
  const plot = timeline();
  const range = el(
    "fieldset",
    { class: "choice" },
    el("legend", { class: "hidden" }, "How far back"),
    [5, 15, 60].map((wanted) =>
      el(
        "label",
        {},
        el("input", {
          type: "radio",
          name: "range",
          checked: wanted === minutes,
          onchange: () => {
            minutes = wanted;
            plot.show(wanted);
          },
        }),
        el("span", {}, wanted === 60 ? "1 hour" : `${wanted} min`),
      ),
    ),
  );
  const off = el("p", { class: "dim", hidden: true }, "No samples are taken.");
  const latest = table(
    "The latest revisions",
    ["Revision", "What", { text: "Who", class: "medium" }, { text: "30 s before → after", class: "wide-only" }, { text: "Way back", class: "end" }],
    [],
  );
  const nothing = el("p", { class: "dim" }, "Nothing was changed yet.");
  const zones = el("div", { class: "cards" });
  const noZones = el("p", { class: "dim" }, "No switch table: keyval_zone is not in the configuration.");

  const drawZones = () => {
    noZones.hidden = state.zones.length > 0;
    keyed(
      zones,
      state.zones,
      (zone) => zone.name,
      (zone) => JSON.stringify([zone.entries, zone.used, state.you]),
      zoneCard,
    );
  };
  const drawLatest = () => {
    const now = state.timeline.time.at(-1) ?? 0;
    const settling = (one) => now - Date.parse(one.time) < 35_000;
    const shown = state.revisions.slice(0, LATEST);
    latest.hidden = shown.length === 0;
    nothing.hidden = shown.length > 0;
    keyed(
      latest.tBodies[0],
      shown,
      (one) => one.revision,
      // what came of it is known after half a minute, and looked at every few seconds before
      (one) => `${signature(one)} ${settling(one) ? Math.floor(now / 2000) : ""} ${now > 0}`,
      (one) => row(one, { effects: true }),
    );
  };
  const end = watch((topics) => {
    if (topics.has("state") || topics.has("you")) drawZones();
    if (topics.has("revisions") || topics.has("you") || topics.has("timeline")) drawLatest();
    if (topics.has("timeline") || topics.has("revisions")) plot.update();
    if (topics.has("timeline")) off.hidden = state.timeline.kept;
  });
  drawZones();
  drawLatest();
  plot.show(minutes);
  return {
    title: "Switches",
    root: el(
      "div",
      {},
      el("h1", { class: "hidden" }, "Switches"),
      el("section", { class: "card", "aria-label": "Timeline" }, el("header", {}, el("h2", {}, "What changes did"), range), plot.root, off),
      el("section", { class: "card" }, el("header", {}, el("h2", {}, "Latest revisions"), el("a", { href: "#/history" }, "All of them")), latest, nothing),
      el("h2", { class: "section" }, "Switch tables"),
      noZones,
      zones,
    ),
    end: () => {
      end();
      plot.destroy();
    },
  };
}
