/// Tests of the network layer and of the system calls beside it.
@NullMarked
package dev.turnout.net;

import org.jspecify.annotations.NullMarked;
