/// The single writer: loads generations, applies changes, drains the old.
@NullMarked
package dev.turnout.control;

import org.jspecify.annotations.NullMarked;
