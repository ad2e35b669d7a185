/// `ngx.re`: regular expressions in PCRE's syntax over bytes.
@NullMarked
package dev.turnout.lua.regex;

import org.jspecify.annotations.NullMarked;
