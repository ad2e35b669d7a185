/// One file per nginx module that changes where a request goes: return, set, map, error_page.
@NullMarked
package dev.turnout.http.rewrite;

import org.jspecify.annotations.NullMarked;
