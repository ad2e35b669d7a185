/// Tests of the testkit: client and upstream tried against each other and against plain sockets.
@NullMarked
package dev.turnout.testkit;

import org.jspecify.annotations.NullMarked;
