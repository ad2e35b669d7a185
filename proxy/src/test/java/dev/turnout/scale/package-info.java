/// Tests of the control API.
@NullMarked
package dev.turnout.scale;

import org.jspecify.annotations.NullMarked;
