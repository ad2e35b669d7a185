/// Server-side includes: commands in pages, carried out while the pages are passed on.
@NullMarked
package dev.turnout.http.ssi;

import org.jspecify.annotations.NullMarked;
