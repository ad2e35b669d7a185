/// The autoscaler in a node: looks at a group's requests, asks the controller how many servers are
/// just enough, and starts and drains servers through the one change path.
@NullMarked
package dev.turnout.scale;

import org.jspecify.annotations.NullMarked;
