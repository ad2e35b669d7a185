/// What the command lines of the tools have in common.
@NullMarked
package dev.turnout.autoscaler.command;

import org.jspecify.annotations.NullMarked;
