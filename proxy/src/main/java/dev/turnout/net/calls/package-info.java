/// Requests of the control plane to other systems, from threads that may wait.
@NullMarked
package dev.turnout.net.calls;

import org.jspecify.annotations.NullMarked;
