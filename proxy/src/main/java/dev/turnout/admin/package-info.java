/// What operators speak to, as content handlers: the switch, and under `gate` who may use them.
@NullMarked
package dev.turnout.admin;

import org.jspecify.annotations.NullMarked;
