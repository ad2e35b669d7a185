/// Consul's keys as the store that nodes share.
@NullMarked
package dev.turnout.cluster.consul;

import org.jspecify.annotations.NullMarked;
