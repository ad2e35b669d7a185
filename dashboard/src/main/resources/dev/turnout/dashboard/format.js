// Figures and times as they are shown.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

export function number(value) {
  return WHOLE.format(value);
}

/** Something per second. */
export function rate(value) {
  if (!(value > 0)) return "0";
  return value < 10 ? value.toFixed(1) : WHOLE.format(value);
}

export function millis(value) {
  if (!(value > 0)) return "–";
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 10000 ? `${WHOLE.format(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A moment: the clock today, the date before. */
export function time(text) {
  const at = new Date(text);
  return (at.toDateString() === new Date().toDateString() ? CLOCK : DAY).format(at);
}
