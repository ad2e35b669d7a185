@NullMarked
package dev.turnout.http.access;

import org.jspecify.annotations.NullMarked;
