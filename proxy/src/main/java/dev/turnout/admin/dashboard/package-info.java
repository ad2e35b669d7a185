/// The dashboard: the files of a page that speaks to the control API, and what it needs counted.
@NullMarked
package dev.turnout.admin.dashboard;

import org.jspecify.annotations.NullMarked;
