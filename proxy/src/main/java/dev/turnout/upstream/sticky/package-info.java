/// How requests stay with the server that they are bound to: one file per kind. Pure of HTTP.
@NullMarked
package dev.turnout.upstream.sticky;

import org.jspecify.annotations.NullMarked;
