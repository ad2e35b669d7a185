@NullMarked
package dev.turnout.cluster.redis;

import org.jspecify.annotations.NullMarked;
