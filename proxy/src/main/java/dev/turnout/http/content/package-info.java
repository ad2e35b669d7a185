/// One file per content handler: static files, stub_status, the switch.
@NullMarked
package dev.turnout.http.content;

import org.jspecify.annotations.NullMarked;
