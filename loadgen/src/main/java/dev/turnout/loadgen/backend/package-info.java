/// A small server for trying things out: `turnout backend`.
@NullMarked
package dev.turnout.loadgen.backend;

import org.jspecify.annotations.NullMarked;
