/// Tests of the whole module's structure.
@NullMarked
package dev.turnout;

import org.jspecify.annotations.NullMarked;
