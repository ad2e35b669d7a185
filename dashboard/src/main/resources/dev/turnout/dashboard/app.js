// The frame: views, the line to the node, the title, the theme.

import { el, notice, open, text, field } from "./ui.js";
import { forgetKey, hasKey, onKeyNeeded } from "./api.js";
import { start, startAnew, state, watch } from "./store.js";
import { controllerView } from "./controller.js";
import { eventsView } from "./events.js";
import { historyView } from "./history.js";
import { nodeView } from "./node.js";
import { role } from "./roles.js";
import { serversView } from "./servers.js";
import { switchesView } from "./switches.js";

const VIEWS = {
  switches: ["Switches", switchesView],
  servers: ["Servers", serversView],
  history: ["History", historyView],
  events: ["Events", eventsView],
  node: ["Node", nodeView],
  controller: ["Controller", controllerView],
};

const main = document.getElementById("main");
const tabs = new Map();
let view = null;

// ---- views

function route() {
  const [name, query = ""] = location.hash.startsWith("#/") ? location.hash.slice(2).split("?") : ["switches"];
  return { name: VIEWS[name] ? name : "switches", parameters: new URLSearchParams(query) };
}

function show() {
  const { name, parameters } = route();
  view?.end();
  view = VIEWS[name][1](parameters);
  main.replaceChildren(view.root);
  view.shown?.();
  scrollTo(0, 0);
  for (const [tab, link] of tabs) {
    if (tab === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  title();
}

for (const [name, [label]] of Object.entries(VIEWS)) {
  const link = el("a", { href: `#/${name}` }, label);
  tabs.set(name, link);
  document.getElementById("views").append(el("li", { hidden: name === "controller" }, link));
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

// ---- what is to be seen at a glance

/** Servers that should be up and are not. */
function out() {
  let sum = 0;
  for (const { now } of state.figures.values()) {
    sum += now.state.filter((one) => one === "unavail" || one === "unhealthy" || one === "unresolved").length;
  }
  return sum;
}

/** What is wrong with the store that nodes share, in two words; "" if nothing is. */
function storeTrouble() {
  const standing = state.store?.state ?? "up";
  return standing === "up" ? "" : `store ${standing.replaceAll("_", " ")}`;
}

function title() {
  const trouble = [state.link === "silent" && "no answer", storeTrouble(), out() > 0 && `${out()} out`].find(Boolean);
  const lead = trouble ? `⚠ ${trouble} · ` : "";
  const next = `${lead}${view?.title ?? ""} · r${state.revision} · Turnout`;
  if (document.title !== next) document.title = next;
}

const LINKS = { connecting: "connecting", live: "live", silent: "no answer", refused: "refused" };

function line() {
  const pill = document.getElementById("link");
  const trouble = state.link === "live" && storeTrouble();
  text(pill, trouble || LINKS[state.link]);
  pill.className = `pill ${trouble ? "silent" : state.link}`;
}

function who() {
  const place = document.getElementById("who");
  place.replaceChildren(
    el("span", { title: state.you.who }, role(state.you)),
    ...(hasKey()
      ? [
          el(
            "button",
            {
              type: "button",
              class: "quiet",
              onclick: () => {
                forgetKey();
                startAnew();
              },
            },
            "Forget key",
          ),
        ]
      : []),
  );
}

watch((topics) => {
  if (topics.has("link") || topics.has("state")) line();
  if (topics.has("link") && state.link === "refused") notice(state.refusal.message, "error");
  if (topics.has("you")) who();
  if (topics.has("controllers")) tabs.get("controller").parentElement.hidden = state.controllers.length === 0;
  if (["figures", "revisions", "link", "state"].some((topic) => topics.has(topic))) title();
});

// ---- who asks

onKeyNeeded(
  (why) =>
    new Promise((resolve) => {
      const input = el("input", { type: "password", required: true, autocomplete: "off", spellcheck: false });
      let given = "";
      const form = el(
        "form",
        {
          onsubmit: (event) => {
            event.preventDefault();
            given = input.value.trim();
            dialog.close();
          },
        },
        el("p", {}, "This node wants to know who changes it."),
        why && el("p", { class: "problem", role: "alert" }, why),
        field("Key", input, "NAME.SECRET; it is kept for this tab only"),
        el("p", { class: "buttons" }, el("button", { type: "submit", class: "primary" }, "Go on")),
      );
      const dialog = open("Who are you?", form, { onclose: () => resolve(given) });
      input.focus();
    }),
);

// ---- theme

const THEMES = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" };
const themeButton = document.getElementById("theme");

function theme(next) {
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  text(themeButton, THEMES[next]);
  themeButton.ariaLabel = `Theme: ${next}`;
  document.dispatchEvent(new Event("themechange"));
}

function chosen() {
  return document.documentElement.dataset.theme ?? "auto";
}

themeButton.addEventListener("click", () => {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(chosen()) + 1) % names.length];
  try {
    localStorage.setItem("turnout.theme", next);
  } catch {
    // no storage: for this page only
  }
  theme(next);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
theme(chosen());

addEventListener("hashchange", show);
show();
start();
