@NullMarked
package dev.turnout.http.ssi;

import org.jspecify.annotations.NullMarked;
