@NullMarked
package dev.turnout.metrics;

import org.jspecify.annotations.NullMarked;
