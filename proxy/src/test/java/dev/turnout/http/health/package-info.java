@NullMarked
package dev.turnout.http.health;

import org.jspecify.annotations.NullMarked;
