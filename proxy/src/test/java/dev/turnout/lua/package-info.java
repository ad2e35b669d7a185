@NullMarked
package dev.turnout.lua;

import org.jspecify.annotations.NullMarked;
