/// State that outlives requests: key-value zones, revisions, and the `StateStore` interface.
@NullMarked
package dev.turnout.cluster;

import org.jspecify.annotations.NullMarked;
