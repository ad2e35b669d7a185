@NullMarked
package dev.turnout.admin.prometheus;

import org.jspecify.annotations.NullMarked;
