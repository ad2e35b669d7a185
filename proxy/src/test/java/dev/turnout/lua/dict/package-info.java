@NullMarked
package dev.turnout.lua.dict;

import org.jspecify.annotations.NullMarked;
