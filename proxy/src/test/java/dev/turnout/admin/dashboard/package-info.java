@NullMarked
package dev.turnout.admin.dashboard;

import org.jspecify.annotations.NullMarked;
