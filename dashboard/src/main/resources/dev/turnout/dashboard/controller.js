// Just enough servers: what the controller sees, and why it does what it does.

import { ask } from "./change.js";
import { button, el, field, keyed, table } from "./ui.js";
import { duration, millis, number, rate, time } from "./format.js";
import { may } from "./roles.js";
import { readController, state, watch } from "./store.js";
import { segment } from "./api.js";

function override(one) {
  const servers = el("input", { type: "number", min: 0, value: one.now?.target ?? one.max, required: true });
  const lasts = el("input", { value: "10m", required: true });
  ask({
    title: `Override ${one.upstream}`,
    content: [field("Servers", servers), field("For", lasts, "such as 10m or 1h; then the controller goes on")],
    action: "Override",
    request: () => ({
      method: "PUT",
      path: `/autoscale/${segment(one.upstream)}/override`,
      body: { servers: Number(servers.value), for: lasts.value.trim() },
    }),
  });
}

function endOverride(one) {
  ask({
    title: `End the override of ${one.upstream}`,
    text: "The controller decides again.",
    action: "End it",
    request: () => ({ method: "DELETE", path: `/autoscale/${segment(one.upstream)}/override` }),
  });
}

function figure(label, value, more = "") {
  return el("div", { class: "figure" }, el("dt", {}, label), el("dd", {}, value, more && el("small", {}, more)));
}

const tenths = (value) => (value === null ? "–" : value.toFixed(1));

function saved(of, always, unit) {
  if (!(always > 0)) return "–";
  return `${Math.round((1 - of / always) * 100)} % (${number(of)} of ${number(always)} ${unit})`;
}

function figures(one) {
  const now = one.now;
  const totals = one.totals;
  return el(
    "dl",
    { class: "figures" },
    now && [
      figure("Requests in the system", tenths(now.in_system), `${rate(now.rate)} req/s`),
      figure("Target", String(now.target), `of ${one.min} to ${Math.min(one.max, one.servers.length)}`),
      figure("On", String(now.on), `${now.starting} starting, ${now.draining} draining, ${now.off} off${now.failing ? `, ${now.failing} failing` : ""}`),
      figure("Response", millis(now.latency_ms), now.utilisation === null ? "" : `${Math.round(now.utilisation * 100)} % busy`),
      figure("One server carries", tenths(now.capacity_per_server), now.capacity_learned ? "learned" : "as configured"),
    ],
    totals && [
      figure("Server time saved", saved(totals.server_seconds, totals.always_on_server_seconds, "server-s")),
      figure("Energy saved", saved(totals.energy_wh, totals.always_on_energy_wh, "Wh")),
      figure("Transitions", `${totals.starts} up, ${totals.stops} down`, totals.hook_failures ? `${totals.hook_failures} hooks failed` : ""),
    ],
  );
}

function serverRow(server) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, server.server),
    el("td", {}, el("span", { class: `state ${server.state}` }, server.state)),
    el("td", {}, duration(Date.now() - Date.parse(server.since))),
    el("td", { class: "number" }, number(server.active)),
  );
}

/**
 * What is known of one controller; `update()` shows later figures. What can be pressed is not made anew by
 * them: the focus stays, and a click begins and ends on the same button.
 */
function card(first) {
  let one = first;
  const allowed = may(state.you, "controller", { upstream: one.upstream }) && one.leader;
  const numbers = el("div");
  const servers = table(`Servers of ${one.upstream}`, ["Server", "State", "For", { text: "Active", class: "number" }], []);
  const element = el(
    "section",
    { class: "card", "data-controller": one.upstream },
    el(
      "header",
      {},
      el("h2", {}, one.upstream),
      el("span", { class: "dim" }, one.policy.replaceAll("_", " ")),
      one.dry_run && el("span", { class: "tag" }, "dry run"),
      !one.leader && el("span", { class: "tag" }, one.leader_node ? `node ${one.leader_node} acts` : "another node acts"),
      one.now && !one.now.complete && el("span", { class: "tag bad" }, "figures are missing: nothing goes down"),
      allowed &&
        el(
          "span",
          { class: "actions" },
          button("Override", () => override(one), { "aria-label": `Override ${one.upstream}` }),
          one.override && button("End override", () => endOverride(one), { "aria-label": `End override of ${one.upstream}` }),
        ),
    ),
    one.override &&
      el("p", { class: "tag" }, `${one.override.servers} servers until ${time(one.override.until)}, by ${one.override.who}${one.override.why ? `: ${one.override.why}` : ""}`),
    numbers,
    servers,
  );
  element.update = (next) => {
    one = next;
    numbers.replaceChildren(figures(one));
    servers.tBodies[0].replaceChildren(...one.servers.map(serverRow));
  };
  return element;
}

/** What of a controller is more than figures. */
function frame(one) {
  const { upstream, policy, dry_run, leader, leader_node, override } = one;
  return JSON.stringify([upstream, policy, dry_run, leader, leader_node, override, one.now?.complete, state.you]);
}

function decisionRow({ upstream, one }) {
  return el(
    "tr",
    {},
    el("td", {}, el("time", { dateTime: one.time }, time(one.time))),
    el("th", { scope: "row" }, upstream),
    el("td", { class: "what" }, one.text),
    el("td", { class: "number" }, one.revision ? `#${one.revision}` : "–"),
  );
}

export function controllerView() {
  const cards = el("div");
  const decisions = table("Decisions, the newest first", ["Time", "Upstream", "Why", { text: "Revision", class: "number" }], []);
  const none = el("p", { class: "dim" }, "No decision yet.");
  const nothing = el("p", { class: "dim" }, "No upstream has a controller: autoscale is not in the configuration.");
  let known = [];
  let reading = false;

  const readDecisions = async () => {
    if (reading) return;
    reading = true;
    try {
      const all = await Promise.all(
        state.controllers.map((one) => (one.decisions ? one : readController(one.upstream))),
      );
      known = all
        .filter(Boolean)
        .flatMap((one) => (one.decisions ?? []).map((decision) => ({ upstream: one.upstream, one: decision })))
        .sort((one, other) => (one.one.time < other.one.time ? 1 : -1))
        .slice(0, 100);
      keyed(decisions.tBodies[0], known, ({ upstream, one }) => `${upstream} ${one.time}`, () => "", decisionRow);
    } catch {
      // the poll tells when nobody answers
    } finally {
      reading = false;
      decisions.hidden = known.length === 0;
      none.hidden = known.length > 0;
    }
  };
  const draw = () => {
    nothing.hidden = state.controllers.length > 0;
    keyed(cards, state.controllers, (one) => one.upstream, frame, card);
    for (const one of state.controllers) cards.querySelector(`[data-controller="${CSS.escape(one.upstream)}"]`).update(one);
  };
  const end = watch((topics) => {
    if (topics.has("controllers") || topics.has("you")) draw();
    if (topics.has("controllers")) readDecisions();
  });
  draw();
  readDecisions();
  return {
    title: "Controller",
    root: el("div", {}, el("h1", { class: "hidden" }, "Controller"), nothing, cards, el("section", { class: "card" }, el("h2", {}, "Decisions"), decisions, none)),
    end,
  };
}
