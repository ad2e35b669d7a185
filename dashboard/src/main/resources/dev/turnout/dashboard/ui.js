// Elements, dialogs, messages. Text goes into text nodes only.

/** An element: properties by name, `on…` for listeners, `data-…` and `aria-…` as attributes. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (property.startsWith("on")) element.addEventListener(property.slice(2), value);
    else if (property === "class") element.className = value;
    else if (property in element && !property.includes("-")) element[property] = value;
    else element.setAttribute(property, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Changes a text only where it differs: what has not moved costs nothing. */
export function text(element, value) {
  const now = String(value);
  if (element.textContent !== now) element.textContent = now;
}

export function button(label, onclick, more = {}) {
  return el("button", { type: "button", onclick, ...more }, label);
}

let fields = 0;

/** A labelled control of a form. */
export function field(label, control, hint = "") {
  control.id ||= `field-${++fields}`;
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return el(
    "p",
    { class: control.type === "checkbox" ? "field check" : "field" },
    el("label", { htmlFor: control.id }, label),
    control,
    hint && el("small", { id: `${control.id}-hint` }, hint),
  );
}

/** A message that goes by itself; an error stays longer. */
export function notice(message, kind = "done") {
  const notices = document.getElementById("notices");
  const one = el("p", { class: `notice ${kind}` }, message);
  notices.append(one);
  setTimeout(() => one.remove(), kind === "error" ? 12000 : 5000);
}

/** Opens a dialog; it is gone when it is closed, and the focus is back where it was. */
export function open(title, content, { wide = false, onclose = () => {} } = {}) {
  const heading = el("h2", { id: `dialog-${++fields}` }, title);
  const dialog = el(
    "dialog",
    { class: wide ? "wide" : "", "aria-labelledby": heading.id },
    el(
      "header",
      {},
      heading,
      button("×", () => dialog.close(), { class: "quiet close", "aria-label": "Close" }),
    ),
    content,
  );
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
    onclose();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A table with a head. */
export function table(caption, heads, rows, more = {}) {
  return el(
    "table",
    more,
    el("caption", { class: "hidden" }, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col", class: head.class ?? "" }, head.text ?? head)))),
    el("tbody", {}, rows),
  );
}

/** The present value of a colour of the style sheet. */
export function colour(name) {
  const probe = el("span", { hidden: true });
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/**
 * Makes the children of `parent` those of `items`, and leaves alone what stays: a focus is not lost, and
 * what has not changed costs nothing. An item of the same key with another signature is made anew.
 */
export function keyed(parent, items, keyOf, signatureOf, make) {
  const there = parent.keyed ?? new Map();
  const next = new Map();
  let at = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const signature = signatureOf(item);
    const old = there.get(key);
    const one = old?.signature === signature ? old : { signature, element: make(item) };
    if (old && old !== one) {
      if (at === old.element) at = one.element;
      old.element.replaceWith(one.element);
    }
    there.delete(key);
    next.set(key, one);
    if (one.element === at) at = at.nextSibling;
    else parent.insertBefore(one.element, at);
  }
  for (const { element } of there.values()) element.remove();
  parent.keyed = next;
}
