/// Policies against traces: a queueing model of a group of servers, `turnout simulate`.
@NullMarked
package dev.turnout.autoscaler.simulation;

import org.jspecify.annotations.NullMarked;
