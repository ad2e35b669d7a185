/// Tests of the configuration language.
@NullMarked
package dev.turnout.config;

import org.jspecify.annotations.NullMarked;
