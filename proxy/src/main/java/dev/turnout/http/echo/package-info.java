/// The echo family: answers that the configuration spells out, to try other features with.
@NullMarked
package dev.turnout.http.echo;

import org.jspecify.annotations.NullMarked;
