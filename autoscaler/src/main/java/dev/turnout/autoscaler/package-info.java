/// How many servers are just enough: a controller that decides, and nothing that acts. No clock, no
/// network, no threads: whoever drives it says what time it is and what was seen.
@NullMarked
package dev.turnout.autoscaler;

import org.jspecify.annotations.NullMarked;
