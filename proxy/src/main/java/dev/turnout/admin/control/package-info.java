/// Turnout's own control API: `control_api`, and the guards that its changes pass.
@NullMarked
package dev.turnout.admin.control;

import org.jspecify.annotations.NullMarked;
