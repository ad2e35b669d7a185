/// Counters, gauges and latency histograms, and consistent snapshots of them.
@NullMarked
package dev.turnout.metrics;

import org.jspecify.annotations.NullMarked;
