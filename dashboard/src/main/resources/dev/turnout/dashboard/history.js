// Revisions: who changed what, when and why, and the way back.

import { ask, told } from "./change.js";
import { button, el, keyed, notice, table, text } from "./ui.js";
import { lines, list } from "./describe.js";
import { may } from "./roles.js";
import { means } from "./chart.js";
import { millis, rate, time } from "./format.js";
import { readOlder, state, watch } from "./store.js";

const AROUND = 30_000;

/** The buttons that lead back from a revision. */
export function waysBack(one) {
  if (!may(state.you, "restore")) return [];
  const last = one.revision === state.revision;
  const ways = [];
  if (last && one.revision - 1 >= state.oldest) {
    ways.push(
      button("Undo", () => restore(one.revision - 1, `Undo revision ${one.revision}`, "Undo", one.revision), {
        "aria-label": `Undo revision ${one.revision}`,
      }),
    );
  }
  if (!last) {
    ways.push(
      button("Restore", () => restore(one.revision, `Restore revision ${one.revision}`, "Restore"), {
        "aria-label": `Restore revision ${one.revision}`,
      }),
    );
  }
  return ways;
}

/** @param undone the revision that must still be the last one */
function restore(revision, title, action, undone) {
  ask({
    title,
    text: `The state becomes what it was at revision ${revision}; that is a new revision.`,
    action,
    preview: true,
    request: () => ({
      method: "POST",
      path: undone === undefined ? `/revisions/${revision}/restore` : `/revisions/${undone}/undo`,
    }),
  });
}

/** What happened to the requests when it was made: half a minute before and after. */
export function effect(one) {
  const at = Date.parse(one.time);
  const before = means(at - AROUND, at);
  const after = means(at + 1000, at + AROUND);
  if (!before || !after) return null;
  const share = (errors) => `${(errors * 100).toFixed(errors > 0 && errors < 0.1 ? 1 : 0)} %`;
  const enough = before.rate >= 1 && after.rate >= 1;
  const part = (name, value, worse = false) =>
    el("div", {}, el("dt", {}, name), el("dd", { class: enough && worse ? "worse" : "" }, value));
  return el(
    "dl",
    { class: "effect" },
    part("req/s", `${rate(before.rate)} → ${rate(after.rate)}`),
    part("p99", `${millis(before.p99)} → ${millis(after.p99)}`, after.p99 > before.p99 * 2 + 20),
    part("5xx", `${share(before.errors)} → ${share(after.errors)}`, after.errors > before.errors + 0.01),
  );
}

/** What a row depends on, besides its revision. */
export function signature(one) {
  return `${one.revision === state.revision} ${may(state.you, "restore")}`;
}

export function row(one, { effects = false, most = 6 } = {}) {
  return el(
    "tr",
    { "data-revision": one.revision },
    el("th", { scope: "row" }, `#${one.revision} `, el("time", { dateTime: one.time, class: "dim" }, time(one.time))),
    el("td", { class: "what" }, list(one.changes, most)),
    el(
      "td",
      { class: "medium" },
      el("span", { class: "who" }, one.who),
      el("span", { class: "dim" }, ` by ${one.dialect}`),
      one.why && el("q", { class: "why" }, one.why),
    ),
    effects ? el("td", { class: "wide-only" }, effect(one) ?? el("span", { class: "dim" }, "–")) : null,
    el("td", { class: "actions" }, waysBack(one)),
  );
}

export function historyView() {
  const search = el("input", { type: "search", placeholder: "server, host, who, why …", id: "history-search", autocomplete: "off" });
  const count = el("p", { class: "dim", role: "status" });
  const rows = table(
    "Revisions, the newest first",
    ["Revision", "What", { text: "Who", class: "medium" }, { text: "Way back", class: "end" }],
    [],
  );
  const nothing = el("p", { class: "dim" }, "Nothing was changed yet.");
  const more = button("Older revisions", async () => {
    try {
      if (!(await readOlder())) more.hidden = true;
    } catch (error) {
      notice(told(error), "error");
    }
  });
  const draw = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = state.revisions.filter(
      (one) =>
        !wanted || [one.who, one.why, one.dialect, ...lines(one.changes)].some((part) => part.toLowerCase().includes(wanted)),
    );
    text(count, `${found.length} of ${state.revisions.length} revisions; the history begins after revision ${state.oldest}`);
    keyed(rows.tBodies[0], found.slice(0, 500), (one) => one.revision, signature, (one) => row(one, { most: 12 }));
    rows.hidden = found.length === 0;
    nothing.hidden = state.revisions.length > 0;
    more.hidden = (state.revisions.at(-1)?.revision ?? 1) - 1 <= state.oldest;
  };
  search.addEventListener("input", draw);
  const end = watch((topics) => {
    if (topics.has("revisions") || topics.has("you")) draw();
  });
  draw();
  return {
    title: "History",
    root: el("section", { class: "card" }, el("h1", {}, "History"), el("p", { class: "tools" }, el("label", { htmlFor: search.id }, "Search"), search), count, rows, nothing, el("p", {}, more)),
    end,
  };
}
