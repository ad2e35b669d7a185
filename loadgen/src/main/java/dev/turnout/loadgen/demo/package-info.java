/// The whole story in one command: `turnout demo`.
@NullMarked
package dev.turnout.loadgen.demo;

import org.jspecify.annotations.NullMarked;
