/// Open- and closed-loop HTTP/1.1 load with honest latencies: `turnout load`.
@NullMarked
package dev.turnout.loadgen;

import org.jspecify.annotations.NullMarked;
