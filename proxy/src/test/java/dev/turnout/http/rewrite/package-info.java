@NullMarked
package dev.turnout.http.rewrite;

import org.jspecify.annotations.NullMarked;
