@NullMarked
package dev.turnout.cluster.share;

import org.jspecify.annotations.NullMarked;
