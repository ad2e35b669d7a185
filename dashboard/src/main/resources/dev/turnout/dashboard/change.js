// The dialog in which a change is asked for, and what the API says to it.

import { change, Refusal } from "./api.js";
import { button, el, field, notice, open } from "./ui.js";
import { list } from "./describe.js";

/** Tells what went wrong, as the API says it. */
export function told(error) {
  return error instanceof Refusal && error.hint ? `${error.message} – ${error.hint}` : error.message;
}

/**
 * Asks for a change.
 *
 * ask: {title, text, content, action, danger, request(form) -> {method, path, body}, done}
 * `preview`: the exact effect is asked for first, and shown.
 */
export function ask({ title, text, content = [], action, danger = false, preview = false, request, done }) {
  const why = el("input", { name: "why", maxLength: 500, autocomplete: "off" });
  const force = el("input", { type: "checkbox", name: "force" });
  const forced = el("div", { hidden: true }, field("Do it all the same", force));
  const problem = el("p", { class: "problem", role: "alert" });
  const effect = el("div", { class: "effect" });
  const go = el("button", { type: "submit", class: danger ? "danger" : "primary" }, action);
  const form = el(
    "form",
    {},
    text && el("p", {}, text),
    effect,
    content,
    field("Reason", why, "Kept in the history."),
    forced,
    problem,
    el("p", { class: "buttons" }, go, button("Cancel", () => dialog.close())),
  );
  const show = (error) => {
    problem.textContent = told(error);
    if (error.code === "guarded") forced.hidden = false;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    go.disabled = true;
    try {
      const { method, path, body } = request(form);
      const answer = await change(method, path, body, { why: why.value.trim(), force: force.checked });
      dialog.close();
      notice(answer.revision ? `Revision ${answer.revision}: done` : "Done");
      done?.(answer);
    } catch (error) {
      show(error);
    } finally {
      go.disabled = false;
    }
  });
  const dialog = open(title, form);
  form.querySelector("input:not([type=checkbox]), select, textarea")?.focus();
  if (preview) {
    effect.append(el("p", { class: "dim" }, "…"));
    const { method, path, body } = request(form);
    // what a guard holds back is told when it is asked for
    change(method, path, body, { dry_run: true, force: true }).then(
      (answer) => effect.replaceChildren(el("h3", {}, "What it will do"), list(answer.changes, 12)),
      (error) => {
        effect.replaceChildren();
        show(error);
      },
    );
  }
  return dialog;
}
