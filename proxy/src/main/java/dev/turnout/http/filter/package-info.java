/// One file per response filter: add_header and its kind.
@NullMarked
package dev.turnout.http.filter;

import org.jspecify.annotations.NullMarked;
