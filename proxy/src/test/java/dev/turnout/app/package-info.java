/// Tests of the program's outer shell.
@NullMarked
package dev.turnout.app;

import org.jspecify.annotations.NullMarked;
