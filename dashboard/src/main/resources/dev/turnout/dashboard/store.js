// What is known of the node: read once, then kept up to date by its events and one poll a second.

import { follow, get, segment } from "./api.js";

const SECOND = 1000;
const HIDDEN = 10 * SECOND; // between two polls while nobody looks: the title goes on telling
const MOST_EVENTS = 500;
const MOST_REVISIONS = 200; // that are asked for at once
const KEPT_REVISIONS = 2000;
const HOUR = 3600;
const TOLD = 40; // what happens within so many milliseconds is drawn once
const FEW = 8; // groups that are read one by one; more, and all are

/** A view reads this, and never writes it. */
export const state = {
  you: null,
  revision: 0,
  oldest: 0,
  upstreams: new Map(), // name -> as GET /upstreams has it
  zones: [],
  revisions: [], // the newest first
  drains: new Map(), // "upstream/id" -> drain that is not over
  events: [], // the newest first
  figures: new Map(), // name -> {now, before, index}
  rates: new Map(), // name -> {requests, errors} per second, by row
  timeline: { kept: true, time: [], requests: [], clientErrors: [], serverErrors: [], p50: [], p99: [] },
  store: null, // how it stands with the store that nodes share; null: there is none
  nodes: [],
  controllers: [],
  link: "connecting", // or "live", "silent"
};

const listeners = new Set();

/** Calls `listener` with what has changed: a set of topics. Returns what ends that. */
export function watch(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let pending = null;

function changed(topic) {
  if (!pending) {
    pending = new Set();
    setTimeout(() => {
      const topics = pending;
      pending = null;
      for (const listener of [...listeners]) listener(topics);
    }, TOLD);
  }
  pending.add(topic);
}

/** The upstream whose servers' response times are asked for, too; "" for none. */
let latencyOf = "";

export function wantLatency(upstream) {
  latencyOf = upstream;
}

export const drainKey = (upstream, server) => `${upstream}/${server}`;

// ---- reading

async function readState() {
  const { body } = await get("/state");
  state.revision = body.revision;
  state.oldest = body.oldest_revision;
  state.upstreams = new Map(body.upstreams.map((one) => [one.name, one]));
  state.zones = body.zones;
  state.store = body.store ?? null;
  changed("state");
}

async function readUpstreams(names) {
  await Promise.all(
    names.map(async (name) => {
      try {
        state.upstreams.set(name, (await get(`/upstreams/${segment(name)}`)).body);
      } catch (error) {
        if (error.status !== 404) throw error;
        state.upstreams.delete(name);
      }
    }),
  );
  state.upstreams = new Map([...state.upstreams].sort(([one], [other]) => (one < other ? -1 : 1)));
  changed("state");
}

async function readZones(names) {
  for (const name of names) {
    const { body } = await get(`/zones/${segment(name)}`);
    state.zones = state.zones.map((zone) => (zone.name === name ? body : zone));
  }
  changed("state");
}

async function readRevisions() {
  const { body } = await get(`/revisions?limit=${MOST_REVISIONS}`);
  state.revisions = body.revisions.reverse();
  state.oldest = body.oldest_revision;
  state.revision = body.revision;
  changed("revisions");
}

/** More of the past; false if there is no more. */
export async function readOlder() {
  const last = state.revisions.at(-1)?.revision ?? 0;
  const since = Math.max(state.oldest, last - 1 - MOST_REVISIONS);
  if (last - 1 <= state.oldest) return false;
  const { body } = await get(`/revisions?since=${since}&limit=${MOST_REVISIONS}`);
  const older = body.revisions.filter((one) => one.revision < last).reverse();
  state.revisions = [...state.revisions, ...older];
  changed("revisions");
  return older.length > 0;
}

async function readDrains() {
  const { body } = await get("/drains");
  state.drains = new Map(
    body.filter((drain) => !drain.over).map((drain) => [drainKey(drain.upstream, drain.server), drain]),
  );
  changed("drains");
}

async function readEvents() {
  const { next } = (await get("/events?wait=0s")).body;
  const dash = next.lastIndexOf("-");
  const from = Math.max(0, Number(next.slice(dash + 1)) - MOST_EVENTS);
  const { body } = await get(`/events?wait=0s&since=${next.slice(0, dash)}-${from}`);
  state.events = body.events.reverse();
  changed("events");
  return body.next;
}

/** What only some nodes have: absent is no error. */
async function readIfAny(path) {
  try {
    return (await get(path)).body;
  } catch (error) {
    if (error.status === 404 || error.status === 405) return null;
    throw error;
  }
}

export async function readNodes() {
  try {
    state.nodes = (await readIfAny("/nodes")) ?? [];
    changed("nodes");
  } catch (error) {
    if (error.status !== 503) throw error; // the store does not tell: what was known is shown, with its state
  }
}

export async function readControllers() {
  state.controllers = (await readIfAny("/autoscale"))?.upstreams ?? [];
  changed("controllers");
}

/** The decisions of one controller. */
export async function readController(upstream) {
  return readIfAny(`/autoscale/${segment(upstream)}`);
}

// ---- figures

let figuresTag = "";
let figuresAt = 0;

async function readFigures() {
  const answer = await get(`/figures${latencyOf ? `?latency=${segment(latencyOf)}` : ""}`, { etag: figuresTag });
  const now = performance.now();
  const seconds = (now - figuresAt) / 1000;
  const first = figuresAt === 0;
  figuresAt = now;
  if (answer === null) {
    // nothing has moved: the rates are nothing, unless they were before
    if (state.rates.size > 0) {
      state.rates = new Map();
      changed("figures");
    }
    return;
  }
  figuresTag = answer.etag;
  const rates = new Map();
  const figures = new Map();
  for (const columns of answer.body.upstreams) {
    const before = state.figures.get(columns.name);
    const index = sameRows(before?.now, columns) ? before.index : new Map(columns.id.map((id, row) => [id, row]));
    const moved = (column, row) => {
      const was = before?.index.get(columns.id[row]);
      if (first || was === undefined) return 0;
      return Math.max(0, columns[column][row] - before.now[column][was]) / seconds;
    };
    figures.set(columns.name, { now: columns, index, before: before?.now ?? null, seconds });
    rates.set(columns.name, {
      requests: columns.requests.map((_, row) => moved("requests", row)),
      errors: columns.server_errors.map((_, row) => moved("server_errors", row) + moved("fails", row)),
    });
  }
  state.figures = figures;
  state.rates = rates;
  changed("figures");
}

function sameRows(before, now) {
  return before && before.id.length === now.id.length && before.id.every((id, row) => id === now.id[row]);
}

async function readTimeline() {
  const line = state.timeline;
  const since = line.time.at(-1) ?? 0;
  const { body } = await get(`/timeline?since=${since}`);
  const columns = {
    time: body.time_ms,
    requests: body.requests,
    clientErrors: body.client_errors,
    serverErrors: body.server_errors,
    p50: body.p50_us,
    p99: body.p99_us,
  };
  const next = { kept: body.kept };
  for (const [name, values] of Object.entries(columns)) {
    next[name] = line[name].length ? line[name].concat(values).slice(-HOUR) : values;
  }
  state.timeline = next;
  if (body.time_ms.length || body.kept !== line.kept) changed("timeline");
}

// ---- events

let upstreamsToRead = new Set();
let zonesToRead = new Set();
let drainsToRead = false;
let stateToRead = false;
let controllersToRead = false;

function happened(event) {
  state.events.unshift(event);
  state.events.length = Math.min(state.events.length, MOST_EVENTS);
  changed("events");
  if (event.kind === "change") {
    const { revision, changes } = event.data;
    // by the list itself: state.revision may be of a read that was answered before another one
    if (revision > (state.revisions[0]?.revision ?? -1)) {
      state.revision = Math.max(state.revision, revision);
      state.revisions.unshift(event.data);
      state.revisions.length = Math.min(state.revisions.length, KEPT_REVISIONS);
      changed("revisions");
    }
    for (const one of changes.upstreams) upstreamsToRead.add(one.upstream);
    for (const one of changes.zones) zonesToRead.add(one.zone);
  }
  if (event.kind === "drain") drainsToRead = true;
  if (event.kind === "store") stateToRead = true;
  if (event.kind === "autoscale") controllersToRead = true;
  readSoon();
}

let readingSoon = false;
let readLast = -Infinity;

/** Reads what events have told of: at once, and once a second where they do not end. */
function readSoon() {
  if (readingSoon) return;
  readingSoon = true;
  setTimeout(readTold, Math.max(80, readLast + SECOND - performance.now()));
}

async function readTold() {
  readLast = performance.now();
  readingSoon = false;
  const upstreams = [...upstreamsToRead];
  const zones = [...zonesToRead];
  const everything = stateToRead || upstreams.length > FEW;
  const [drains, controllers] = [drainsToRead, controllersToRead];
  upstreamsToRead = new Set();
  zonesToRead = new Set();
  stateToRead = drainsToRead = controllersToRead = false;
  try {
    if (everything) await readState();
    else {
      if (upstreams.length) await readUpstreams(upstreams);
      if (zones.length) await readZones(zones);
    }
    if (drains) await readDrains();
    if (controllers) await readControllers();
  } catch {
    stateToRead = true; // with the next event; the poll tells when nobody answers
  }
}

// ---- going on

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function link(now) {
  if (state.link !== now) {
    state.link = now;
    changed("link");
  }
}

async function everything() {
  state.you = (await get("/")).body.you;
  changed("you");
  const last = await readEvents(); // first: what happens while the rest is read is told again, and not missed
  await Promise.all([readState(), readRevisions(), readDrains(), readNodes(), readControllers()]);
  return last;
}

let visible = Promise.resolve();

function whenVisible() {
  return visible;
}

/** Follows the events for as long as the page is looked at. */
async function stream() {
  let last = null;
  for (;;) {
    await whenVisible();
    const stop = new AbortController();
    const hide = () => document.hidden && stop.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      last ??= await everything();
      link("live");
      await follow(last, stop.signal, (event) => {
        if (event.id) last = event.id;
        if (event.kind === "gap") {
          last = null;
          stop.abort();
        } else {
          happened(event);
        }
      });
    } catch (error) {
      if (error.status === 403 || error.status === 401) {
        state.link = "refused";
        state.refusal = error;
        changed("link");
        await pause(5000);
      } else if (!stop.signal.aborted) {
        link("silent");
      }
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
    await pause(SECOND);
  }
}

async function poll() {
  let round = 0;
  for (;;) {
    await Promise.race([whenVisible(), pause(HIDDEN)]);
    const begun = performance.now();
    if (state.you) {
      try {
        const rounds = [readFigures()];
        if (!document.hidden) {
          rounds.push(readTimeline());
          if (state.drains.size) rounds.push(readDrains());
          if (state.controllers.length) rounds.push(readControllers());
          if (state.store && round % 5 === 0) rounds.push(readNodes());
        }
        await Promise.all(rounds);
        if (state.link === "silent") link("live");
      } catch (error) {
        if (!(error.status >= 400 && error.status < 500)) link("silent");
      }
      round++;
    }
    await pause(Math.max(100, SECOND - (performance.now() - begun)));
  }
}

/** Begins. */
export function start() {
  let show = () => {};
  const look = () => {
    if (document.hidden) visible = new Promise((resolve) => (show = resolve));
    else show();
  };
  document.addEventListener("visibilitychange", look);
  look();
  stream();
  poll();
}

/** Somebody else asks from now on, or nobody: everything is read anew. */
export function startAnew() {
  location.reload();
}
