@NullMarked
package dev.turnout.http.content;

import org.jspecify.annotations.NullMarked;
