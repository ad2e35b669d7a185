/// Tests of the error log and of log files, on real files.
@NullMarked
package dev.turnout.log;

import org.jspecify.annotations.NullMarked;
