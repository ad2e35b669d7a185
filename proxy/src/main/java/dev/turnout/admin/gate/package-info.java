/// Who may change what: the one gate that every interface for changes asks, and the record it
/// keeps.
@NullMarked
package dev.turnout.admin.gate;

import org.jspecify.annotations.NullMarked;
