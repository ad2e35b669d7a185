/// The file store: readable JSON, checksummed, written aside, synced and renamed.
@NullMarked
package dev.turnout.cluster.file;

import org.jspecify.annotations.NullMarked;
