/// The error log in nginx's line format, and log files that can be reopened.
@NullMarked
package dev.turnout.log;

import org.jspecify.annotations.NullMarked;
