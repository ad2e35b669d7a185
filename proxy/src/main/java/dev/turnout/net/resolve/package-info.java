/// Names to addresses at run time, by asking name servers: what `resolver` configures.
@NullMarked
package dev.turnout.net.resolve;

import org.jspecify.annotations.NullMarked;
