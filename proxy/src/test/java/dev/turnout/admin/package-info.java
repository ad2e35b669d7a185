@NullMarked
package dev.turnout.admin;

import org.jspecify.annotations.NullMarked;
