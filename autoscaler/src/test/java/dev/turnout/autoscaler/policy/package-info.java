@NullMarked
package dev.turnout.autoscaler.policy;

import org.jspecify.annotations.NullMarked;
