// What may be asked for: the same rules as the node's, so that nothing is offered that would be refused.

const LEVELS = ["viewer", "operator", "admin"];
const NEEDED = { servers: 1, key: 1, controller: 1, group: 2, restore: 2 };

function matches(pattern, name) {
  const parts = pattern.toLowerCase().split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(name.toLowerCase());
}

/** Whether `you`, of the API's index, may do it to this upstream or host. */
export function may(you, what, { upstream, host } = {}) {
  if (!you?.writable || LEVELS.indexOf(you.level) < NEEDED[what]) return false;
  if (you.upstreams.length === 0 && you.hosts.length === 0) return true;
  let reached = false;
  if (upstream !== undefined && you.upstreams.length > 0) {
    if (!you.upstreams.some((pattern) => matches(pattern, upstream))) return false;
    reached = true;
  }
  if (host !== undefined && you.hosts.length > 0) {
    if (!you.hosts.some((pattern) => matches(pattern, host))) return false;
    reached = true;
  }
  return reached;
}

/** The role in words. */
export function role(you) {
  if (!you.writable) return "read only";
  const bounds = [
    ...you.upstreams.map((pattern) => `upstream ${pattern}`),
    ...you.hosts.map((pattern) => `host ${pattern}`),
  ];
  return you.level + (bounds.length ? ` (${bounds.join(", ")})` : "");
}
