@NullMarked
package dev.turnout.http.echo;

import org.jspecify.annotations.NullMarked;
