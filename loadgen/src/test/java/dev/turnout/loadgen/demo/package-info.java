@NullMarked
package dev.turnout.loadgen.demo;

import org.jspecify.annotations.NullMarked;
