@NullMarked
package dev.turnout.admin.gate;

import org.jspecify.annotations.NullMarked;
