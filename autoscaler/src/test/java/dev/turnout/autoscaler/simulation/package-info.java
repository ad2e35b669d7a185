@NullMarked
package dev.turnout.autoscaler.simulation;

import org.jspecify.annotations.NullMarked;
