/// JSON as the interfaces for operators read and write it.
@NullMarked
package dev.turnout.admin.json;

import org.jspecify.annotations.NullMarked;
