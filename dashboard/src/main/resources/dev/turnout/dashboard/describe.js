// Changes in words.

import { el } from "./ui.js";

function value(of) {
  if (of === null || of === "") return "nothing";
  return String(of);
}

/** What a change did, one text for each thing. */
export function lines(changes) {
  const all = [];
  for (const { zone, keys } of changes.zones) {
    for (const { key, from, to } of keys) {
      all.push(
        to === null
          ? `${zone}: ${key} removed (was ${value(from)})`
          : from === null
            ? `${zone}: ${key} → ${value(to)}`
            : `${zone}: ${key} from ${value(from)} → ${value(to)}`,
      );
    }
  }
  for (const one of changes.upstreams) {
    const name = one.upstream;
    if (one.kind === "created") all.push(`${name}: made`);
    if (one.kind === "deleted") all.push(`${name}: removed`);
    if (one.kind === "configured") all.push(`${name}: as the configuration says`);
    for (const server of one.added) all.push(`${name}: ${server.server} added`);
    for (const server of one.removed) all.push(`${name}: ${server.server} removed`);
    for (const { server, fields } of one.changed) {
      for (const { field, from, to } of fields) {
        all.push(`${name}: ${server} ${field} ${value(from)} → ${value(to)}`);
      }
    }
    for (const { field, from, to } of one.fields) all.push(`${name}: ${field} ${value(from)} → ${value(to)}`);
    if (one.reordered) all.push(`${name}: in another order`);
  }
  return all;
}

/** A list of them, cut where it gets long. */
export function list(changes, most = 6) {
  const all = lines(changes);
  if (all.length === 0) return el("p", { class: "dim" }, "nothing that differs");
  const shown = all.length > most + 1 ? all.slice(0, most) : all;
  return el(
    "ul",
    { class: "plain" },
    shown.map((line) => el("li", {}, line)),
    shown.length < all.length ? el("li", { class: "dim" }, `and ${all.length - shown.length} more`) : null,
  );
}
