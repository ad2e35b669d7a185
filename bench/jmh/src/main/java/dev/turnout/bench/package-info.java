/// JMH benchmarks of the data path's parts.
@NullMarked
package dev.turnout.bench;

import org.jspecify.annotations.NullMarked;
