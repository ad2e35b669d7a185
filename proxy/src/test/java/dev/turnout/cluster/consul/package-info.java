@NullMarked
package dev.turnout.cluster.consul;

import org.jspecify.annotations.NullMarked;
