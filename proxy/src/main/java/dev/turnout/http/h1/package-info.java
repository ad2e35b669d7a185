/// The HTTP/1 wire: bytes to messages and back, strict by RFC 9112.
@NullMarked
package dev.turnout.http.h1;

import org.jspecify.annotations.NullMarked;
