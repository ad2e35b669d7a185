// The node, its store, and the other nodes if there are any.

import { el, table } from "./ui.js";
import { duration, number, time } from "./format.js";
import { role } from "./roles.js";
import { said } from "./events.js";
import { state, watch } from "./store.js";

function facts(entries) {
  return el(
    "dl",
    { class: "facts" },
    entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value ?? "–")))),
  );
}

const LINKS = { up: "on", read_only: "draining", connecting: "starting", lost: "failing" };

function link(standing) {
  return el("span", { class: `state ${LINKS[standing] ?? ""}` }, standing.replaceAll("_", " "));
}

function store(one) {
  return [
    el("p", {}, link(one.state), ` since ${time(one.since)}`, one.reason && `: ${one.reason}`),
    facts([
      ["store", one.store],
      ["this node is", one.node],
      ["its last revision", one.revision],
      ["served up to", one.applied],
      ["waiting to be stored", one.pending],
      ["may be stale for", one.stale_ms > 0 ? duration(one.stale_ms) : "nothing"],
    ]),
    one.rejected.length > 0 && [
      el("h3", {}, "Not served"),
      el("ul", {}, one.rejected.map(({ key, reason }) => el("li", {}, `${key}: ${reason}`))),
    ],
  ];
}

function nodeRow(one) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, one.node, one.self && [" ", el("span", { class: "tag" }, "this one")]),
    el("td", {}, link(one.state)),
    el("td", { class: "medium" }, one.address),
    el("td", { class: "number" }, one.lag === 0 ? "–" : number(one.lag)),
    el("td", { class: "number medium" }, number(one.revision)),
    el("td", { class: "medium" }, time(one.started)),
    el("td", { class: "medium" }, one.version),
  );
}

function nodes(all) {
  return table(
    "Nodes",
    [
      "Node",
      "State",
      { text: "Address", class: "medium" },
      { text: "Behind", class: "number" },
      { text: "Revision", class: "number medium" },
      { text: "Since", class: "medium" },
      { text: "Version", class: "medium" },
    ],
    all.map(nodeRow),
  );
}

export function nodeView() {
  const node = el("div");
  const others = el("div");
  const draw = () => {
    const servers = [...state.upstreams.values()].reduce((sum, one) => sum + one.servers.length, 0);
    const trouble = state.events.find((event) => event.kind === "store" && event.data.what !== "synced");
    node.replaceChildren(
      facts([
        ["revision", state.revision],
        ["history since revision", state.oldest],
        ["upstreams", state.upstreams.size],
        ["servers", servers],
        ["switch tables", state.zones.length],
        ["you", state.you?.who],
        ["role", state.you && role(state.you)],
        ["last trouble with disk or store", trouble ? `${time(trouble.data.time)}: ${said(trouble)}` : "none seen"],
      ]),
    );
    const shared = state.store
      ? [...store(state.store), state.nodes.length > 0 && nodes(state.nodes)]
      : [el("p", { class: "dim" }, "This node keeps its state by itself.")];
    others.replaceChildren(...shared.flat(2).filter(Boolean));
  };
  const end = watch((topics) => {
    if (["nodes", "you", "state", "revisions"].some((topic) => topics.has(topic))) draw();
  });
  draw();
  return {
    title: "Node",
    root: el(
      "div",
      {},
      el("section", { class: "card" }, el("h1", {}, "This node"), node),
      el("section", { class: "card" }, el("h2", {}, "Nodes and store"), others),
    ),
    end,
  };
}
