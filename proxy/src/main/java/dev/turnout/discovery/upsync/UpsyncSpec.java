package dev.turnout.discovery.upsync;

import dev.turnout.discovery.Source;
import dev.turnout.discovery.SourceSpec;
import dev.turnout.net.calls.HttpCalls;
import dev.turnout.upstream.PeerSpec;
import java.net.URI;

/// An `upsync` directive.
///
/// @param at where to ask, with a query of its own if it has one
/// @param intervalMillis the pause between two questions
/// @param timeoutMillis how long one question may take
record UpsyncSpec(Registry registry, URI at, long intervalMillis, long timeoutMillis)
    implements SourceSpec {
  @Override
  public String dialect() {
    return "upsync";
  }

  /// A query may hold a token.
  @Override
  public String label() {
    return registry.word() + " " + HttpCalls.where(at) + at.getRawPath();
  }

  @Override
  public Source open(Places places) {
    return new UpsyncSource(this, places);
  }

  @Override
  public PeerSpec onto(PeerSpec present, PeerSpec said) {
    return said.withId(present.id())
        .withMaxConns(present.maxConns())
        .withSlowStart(present.slowStartMillis())
        .withRoute(present.route())
        .withDrain(present.drain())
        .withCanary(present.canary());
  }

  /// As the module links them in.
  @Override
  public boolean newOnesFirst() {
    return true;
  }

  @Override
  public long retryMillis() {
    return intervalMillis;
  }
}
