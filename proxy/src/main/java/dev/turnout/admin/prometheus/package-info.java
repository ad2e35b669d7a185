/// The node's counters for Prometheus: the exposition formats, and what is told in them.
@NullMarked
package dev.turnout.admin.prometheus;

import org.jspecify.annotations.NullMarked;
