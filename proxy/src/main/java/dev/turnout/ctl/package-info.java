/// `turnout ctl`: the control API from a command line. A program of its own beside the node, which
/// knows nothing of it and it nothing of the node: all that they share is the API, and where the
/// node's socket is.
@NullMarked
package dev.turnout.ctl;

import org.jspecify.annotations.NullMarked;
