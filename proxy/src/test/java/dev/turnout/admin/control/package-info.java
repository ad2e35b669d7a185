/// Tests of the control API.
@NullMarked
package dev.turnout.admin.control;

import org.jspecify.annotations.NullMarked;
