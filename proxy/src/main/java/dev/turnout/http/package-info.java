/// The HTTP plane: exchanges, phases, routing, variables, and the response filter chain.
@NullMarked
package dev.turnout.http;

import org.jspecify.annotations.NullMarked;
