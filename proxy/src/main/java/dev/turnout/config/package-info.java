/// nginx.conf text to a tree of directives with positions, and readers for their arguments.
@NullMarked
package dev.turnout.config;

import org.jspecify.annotations.NullMarked;
