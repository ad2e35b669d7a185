/// Campaigns against the built program, from outside: its command line, ports, signals and files.
@NullMarked
package dev.turnout.systemtest;

import org.jspecify.annotations.NullMarked;
