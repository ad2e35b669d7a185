@NullMarked
package dev.turnout.json;

import org.jspecify.annotations.NullMarked;
