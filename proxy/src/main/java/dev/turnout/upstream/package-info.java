/// Upstreams and their peers: specs, snapshots, failure accounting, and choosing a peer.
@NullMarked
package dev.turnout.upstream;

import org.jspecify.annotations.NullMarked;
