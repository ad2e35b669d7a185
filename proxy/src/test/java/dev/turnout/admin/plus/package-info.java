@NullMarked
package dev.turnout.admin.plus;

import org.jspecify.annotations.NullMarked;
