/// One file per balancing method.
@NullMarked
package dev.turnout.upstream.balance;

import org.jspecify.annotations.NullMarked;
