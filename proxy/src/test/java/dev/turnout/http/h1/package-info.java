/// Tests of the HTTP/1 wire.
@NullMarked
package dev.turnout.http.h1;

import org.jspecify.annotations.NullMarked;
