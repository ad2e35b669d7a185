@NullMarked
package dev.turnout.loadgen;

import org.jspecify.annotations.NullMarked;
