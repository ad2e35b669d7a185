/// Groups whose servers are found out: from a registry, a file, or a cluster's API.
@NullMarked
package dev.turnout.discovery;

import org.jspecify.annotations.NullMarked;
