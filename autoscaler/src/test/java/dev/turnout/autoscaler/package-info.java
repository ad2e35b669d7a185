@NullMarked
package dev.turnout.autoscaler;

import org.jspecify.annotations.NullMarked;
