// Before the first paint: the theme that was chosen, or the system's.
"use strict";
try {
  const chosen = localStorage.getItem("turnout.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // no storage: the system's
}
