// The node, its store, and the other nodes if there are any.

import { el, table } from "./ui.js";
import { role } from "./roles.js";
import { state, watch } from "./store.js";
import { time } from "./format.js";

function shown(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, one]) => `${name} ${shown(one)}`).join(", ");
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) ? time(value) : String(value);
}

const words = (name) => name.replaceAll("_", " ");

function facts(entries) {
  return el(
    "dl",
    { class: "facts" },
    entries.map(([name, value]) => el("div", {}, el("dt", {}, words(name)), el("dd", {}, shown(value)))),
  );
}

/** What /nodes says, whatever it has: what it has of each node, and what it says of all. */
function cluster(body) {
  const lists = Object.entries(body).filter(([, value]) => Array.isArray(value) && value.every((one) => one && typeof one === "object"));
  const rest = Object.entries(body).filter(([name]) => !lists.some(([list]) => list === name));
  return [
    rest.length > 0 && facts(rest),
    lists.map(([name, rows]) => {
      const columns = [...new Set(rows.flatMap((one) => Object.keys(one)))];
      return table(
        words(name),
        columns.map(words),
        rows.map((one) => el("tr", {}, columns.map((column, i) => el(i === 0 ? "th" : "td", i === 0 ? { scope: "row" } : {}, shown(one[column]))))),
      );
    }),
  ];
}

export function nodeView() {
  const node = el("div");
  const others = el("div");
  const draw = () => {
    const servers = [...state.upstreams.values()].reduce((sum, one) => sum + one.servers.length, 0);
    const store = state.events.find((event) => event.kind === "store");
    node.replaceChildren(
      facts([
        ["revision", state.revision],
        ["history since revision", state.oldest],
        ["upstreams", state.upstreams.size],
        ["servers", servers],
        ["switch tables", state.zones.length],
        ["you", state.you?.who],
        ["role", state.you && role(state.you)],
        ["store", store ? `last trouble ${time(store.data.time)}: ${store.data.message}` : "no trouble seen"],
      ]),
    );
    others.replaceChildren(
      ...(state.nodes
        ? cluster(Array.isArray(state.nodes) ? { nodes: state.nodes } : state.nodes).flat(2).filter(Boolean)
        : [el("p", { class: "dim" }, "This node keeps its state by itself.")]),
    );
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
