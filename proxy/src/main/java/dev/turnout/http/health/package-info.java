/// Active probes: `health_check` with `match`, and Tengine's `check`.
@NullMarked
package dev.turnout.http.health;

import org.jspecify.annotations.NullMarked;
