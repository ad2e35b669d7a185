/// What operators speak to, as content handlers: the switch.
@NullMarked
package dev.turnout.admin;

import org.jspecify.annotations.NullMarked;
