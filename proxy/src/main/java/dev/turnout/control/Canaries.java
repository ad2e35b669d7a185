package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.Canary;
import dev.turnout.upstream.CanaryAnswers;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.util.LinkedHashMap;
import java.util.Map;

/// Judges the servers that have to prove themselves: one that has answered well often enough
/// becomes a server like the others, one that has not is removed. Each is a change like any other,
/// with its reason in the history. For any thread.
///
/// That a server is a canary, and on what terms, is part of what is wanted of it, so it outlives
/// the process and is known to every node; what it has answered is counted by each process anew.
/// While there are any, one virtual thread looks at those counts: it costs requests nothing.
public final class Canaries implements AutoCloseable {
  /// How changes say by whom they are made.
  public static final String DIALECT = "canary";

  private final ChangeWriter writer;
  private final Upstreams upstreams;
  private final Events events;
  private final Lookout lookout;

  Canaries(ChangeWriter writer, Upstreams upstreams, Events events) {
    this(writer, upstreams, events, Lookout.Pause.SLEEP);
  }

  /// @param pause how it waits between two looks
  Canaries(ChangeWriter writer, Upstreams upstreams, Events events, Lookout.Pause pause) {
    this.writer = writer;
    this.upstreams = upstreams;
    this.events = events;
    this.lookout = new Lookout("canaries", this::isWanted, this::judgeAll, pause);
    writer.watch(this::changed);
  }

  private void changed(JournalEntry entry) {
    for (Delta delta : entry.deltas()) {
      if (delta instanceof Delta.OfUpstream(_, _, UpstreamState after)
          && after != null
          && after.spec() != null
          && after.spec().servers().stream().anyMatch(server -> server.canary() != null)) {
        look();
        return;
      }
    }
  }

  /// Looks whether there are any, and goes on as long as there are: a configuration has taken
  /// effect.
  public void look() {
    lookout.begin();
  }

  private boolean isWanted() {
    return upstreams.all().stream().anyMatch(one -> !one.current().canaries().isEmpty());
  }

  private boolean judgeAll() {
    boolean done = true;
    for (Upstream upstream : upstreams.all()) {
      for (Peer peer : upstream.current().canaries()) {
        done &= judge(upstream, peer);
      }
    }
    return done;
  }

  /// False if a change is due and could not be made.
  private boolean judge(Upstream upstream, Peer peer) {
    Canary terms = peer.spec().canary();
    if (terms == null) {
      return true;
    }
    CanaryAnswers answers = CanaryAnswers.of(peer);
    return switch (answers.judge(terms)) {
      case NOT_YET -> true;
      case TRUSTED ->
          end(
              upstream,
              peer,
              answers,
              "trusted",
              new UpstreamChange.Update(peer.id(), PeerPatch.NOTHING.trusting()));
      case FAILED -> end(upstream, peer, answers, "removed", new UpstreamChange.Remove(peer.id()));
    };
  }

  /// Makes the change if the server still is what was looked at; if it cannot be made, a later look
  /// tries again. False if the writer refused it.
  private boolean end(
      Upstream upstream, Peer peer, CanaryAnswers answers, String outcome, UpstreamChange change) {
    long revision =
        writer.<Long>consistently(
            now -> upstream.current().canaries().contains(peer) ? now : NOT_THERE);
    if (revision == NOT_THERE) {
      return true;
    }
    String why =
        "canary "
            + peer
            + ": "
            + answers.good()
            + " good answers, "
            + answers.bad()
            + " bad ones or failed attempts";
    ChangeRequest request =
        ChangeRequest.of(new Origin(DIALECT, "", why), upstream.name(), change)
            .ifRevision(revision);
    ChangeResult result = writer.submit(request).join();
    if (result instanceof ChangeResult.Applied) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("upstream", upstream.name());
      fields.put("server", peer.id());
      fields.put("address", peer.address().text());
      fields.put("outcome", outcome);
      fields.put("good", answers.good());
      fields.put("bad", answers.bad());
      events.publish("canary", fields);
    }
    // one that came too late is judged anew at once
    return result instanceof ChangeResult.Applied || result instanceof ChangeResult.StaleRevision;
  }

  private static final long NOT_THERE = -1;

  @Override
  public void close() {
    lookout.close();
  }
}
