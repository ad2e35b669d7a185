@NullMarked
package dev.turnout.http.filter;

import org.jspecify.annotations.NullMarked;
