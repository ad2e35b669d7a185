/// The program: command line, signals, wiring, and the lists of what is built in.
@NullMarked
package dev.turnout.app;

import org.jspecify.annotations.NullMarked;
