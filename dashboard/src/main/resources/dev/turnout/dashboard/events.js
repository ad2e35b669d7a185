// What happens, as it happens.

import { el, keyed, table, text } from "./ui.js";
import { lines } from "./describe.js";
import { state, watch } from "./store.js";
import { time } from "./format.js";

const KINDS = { change: "Changes", health: "Health", drain: "Drains", panic: "Panic", store: "Store", autoscale: "Controller" };
const MOST = 200;
const hiddenKinds = new Set();

/** An event in words. */
export function said({ kind, data }) {
  switch (kind) {
    case "change":
      return `#${data.revision} ${data.who}: ${lines(data.changes).join("; ") || "nothing that differs"}`;
    case "health":
      return `${data.upstream}: ${data.address} ${data.from} → ${data.to}${data.reason ? ` (${data.reason})` : ""}`;
    case "panic":
      return `${data.upstream}: ${data.on ? "panic" : "panic is over"}, ${data.usable} of ${data.total} servers usable`;
    case "drain":
      return `${data.upstream}: ${data.address ?? data.server} ${data.phase ?? ""}${data.note ? ` (${data.note})` : ""}`;
    case "store":
      return data.what
        ? [data.what.replaceAll("_", " "), data.key, data.reason].filter(Boolean).join(": ")
        : `not stored: ${data.message}`;
    case "autoscale":
      return `${data.upstream ?? data.host}: ${data.text}`;
    default: {
      const rest = Object.entries(data).filter(([name]) => name !== "time" && name !== "revision");
      return rest.map(([name, value]) => `${name} ${value}`).join(", ");
    }
  }
}

function bad({ kind, data }) {
  return (kind === "store" && data.what !== "synced") || (kind === "panic" && data.on) || (kind === "health" && ["unhealthy", "unavail"].includes(data.to));
}

export function eventsView() {
  const rows = table("Events, the newest first", ["Time", "Kind", "What"], []);
  const nothing = el("p", { class: "dim" }, "Nothing has happened yet.");
  const count = el("span", { class: "dim" });
  const draw = () => {
    const found = state.events.filter((event) => !hiddenKinds.has(event.kind)).slice(0, MOST);
    text(count, `${found.length} shown`);
    rows.hidden = found.length === 0;
    nothing.hidden = found.length > 0;
    keyed(
      rows.tBodies[0],
      found,
      (event) => event.id,
      () => "",
      (event) =>
        el(
          "tr",
          { class: bad(event) ? "bad" : "" },
          el("td", {}, el("time", { dateTime: event.data.time }, time(event.data.time))),
          el("td", {}, el("span", { class: `tag ${event.kind}` }, event.kind)),
          el("td", { class: "what" }, said(event)),
        ),
    );
  };
  const kinds = el(
    "fieldset",
    { class: "choice" },
    el("legend", { class: "hidden" }, "Kinds"),
    Object.entries(KINDS).map(([kind, label]) =>
      el(
        "label",
        {},
        el("input", {
          type: "checkbox",
          checked: !hiddenKinds.has(kind),
          onchange: (event) => {
            if (event.target.checked) hiddenKinds.delete(kind);
            else hiddenKinds.add(kind);
            draw();
          },
        }),
        el("span", {}, label),
      ),
    ),
  );
  const end = watch((topics) => topics.has("events") && draw());
  draw();
  return {
    title: "Events",
    root: el("section", { class: "card" }, el("header", {}, el("h1", {}, "Events"), count), kinds, rows, nothing),
    end,
  };
}
