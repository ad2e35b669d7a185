@NullMarked
package dev.turnout.net.resolve;

import org.jspecify.annotations.NullMarked;
