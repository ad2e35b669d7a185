/// Event loops, listeners, name resolution, deadlines, and what the process asks of the kernel.
@NullMarked
package dev.turnout.net;

import org.jspecify.annotations.NullMarked;
