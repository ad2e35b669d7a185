@NullMarked
package dev.turnout.lua.regex;

import org.jspecify.annotations.NullMarked;
