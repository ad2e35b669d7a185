// The control API: requests, who asks, and the stream of events.

const base = document.documentElement.dataset.api;
const KEY = "turnout.key";
let key = sessionStorage.getItem(KEY) ?? "";
let askForKey = async () => "";
let asking = null;

/** What the API refused, in its words. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error.message ?? `status ${status}`);
    this.status = status;
    this.code = error.code ?? "";
    this.hint = error.hint ?? "";
    this.where = error.where ?? "";
  }
}

/** `prompt` is called when a key is needed, with why; it answers with one, or "". */
export function onKeyNeeded(prompt) {
  askForKey = prompt;
}

export function hasKey() {
  return key !== "";
}

export function forgetKey() {
  key = "";
  sessionStorage.removeItem(KEY);
}

function headers(more) {
  return key ? { ...more, Authorization: `Bearer ${key}` } : more;
}

/** Asks for a key, once for all who need one. True: try again. */
async function newKey(used, why) {
  if (used !== key) return key !== "";
  asking ??= askForKey(why).then((given) => {
    key = given;
    if (given) sessionStorage.setItem(KEY, given);
    asking = null;
  });
  await asking;
  return key !== "";
}

async function send(method, path, options) {
  for (;;) {
    const used = key;
    const response = await fetch(base + path, {
      ...options,
      method,
      cache: "no-store",
      headers: headers(options.headers ?? {}),
    });
    if (response.status !== 401) return response;
    const said = await refusal(response);
    if (!(await newKey(used, used ? said.message : ""))) throw said;
  }
}

async function refusal(response) {
  let error = {};
  try {
    const body = await response.json();
    error = body.error ?? {};
  } catch {
    error = { message: `${response.status} ${response.statusText}` };
  }
  return new Refusal(response.status, error);
}

/** What is at `path`; null if it is as it was at `etag`. */
export async function get(path, { etag, signal } = {}) {
  const response = await send("GET", path, {
    signal,
    headers: etag ? { "If-None-Match": etag } : {},
  });
  if (response.status === 304) return null;
  if (!response.ok) throw await refusal(response);
  return { body: await response.json(), etag: response.headers.get("ETag") ?? "" };
}

/** Makes a change. `query` may have why, force and dry_run. */
export async function change(method, path, body, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== false);
  const args = new URLSearchParams(given.map(([name, value]) => [name, value === true ? "1" : value]));
  const response = await send(method, path + (given.length ? `?${args}` : ""), {
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** The events since `id`, as they come; returns when the connection ends. */
export async function follow(id, signal, take) {
  const response = await send("GET", "/events", { signal, headers: { "Last-Event-ID": id } });
  if (!response.ok) throw await refusal(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = {};
      for (const line of block.split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (fields.data) take({ id: fields.id, kind: fields.event, data: JSON.parse(fields.data) });
    }
  }
}

/** One segment of a path. */
export function segment(text) {
  return encodeURIComponent(text);
}
