@NullMarked
package dev.turnout.loadgen.backend;

import org.jspecify.annotations.NullMarked;
