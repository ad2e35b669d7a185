package dev.turnout.discovery;

import dev.turnout.cluster.Origin;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Events;
import dev.turnout.discovery.FollowerStatus.State;
import dev.turnout.http.Upstreams;
import dev.turnout.http.proxy.ServerAddress;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Keeps the servers of one group what a source says they are, by changes like any other: judged by
/// the guards, in the history with the reason. Runs on a virtual thread of its own until it is
/// stopped. Whatever happens to the source, the group keeps the servers that it has.
final class Follower {
  private static final int MOST_TRIES = 100;

  /// What a follower needs of the node.
  record Node(ChangeWriter writer, Upstreams upstreams, Events events) {}

  private final String upstream;
  private final SourceSpec spec;
  private final Node node;
  private final Reconciliation reconciliation;
  private final Thread thread;
  private volatile ErrorLog log;
  private volatile BiConsumer<UpstreamSpec, ErrorLog> keeper;
  private volatile FollowerStatus status;
  private volatile @Nullable List<PeerSpec> said; // what the source said last
  private String told = ""; // the thread's: the trouble that was logged last

  /// @param keeper is given the group whenever the source has had its say
  Follower(
      String upstream,
      SourceSpec spec,
      Node node,
      ErrorLog log,
      BiConsumer<UpstreamSpec, ErrorLog> keeper) {
    this.upstream = upstream;
    this.spec = spec;
    this.node = node;
    this.log = log;
    this.keeper = keeper;
    this.reconciliation = new Reconciliation(spec);
    this.status = new FollowerStatus(upstream, spec.label(), State.WAITING, "", 0, 0, 0);
    this.thread = Thread.ofVirtual().name("follow-" + upstream).unstarted(this::run);
  }

  /// Begins.
  ///
  /// @param before who followed the same source, as it was configured before; null: nobody
  void start(@Nullable Follower before) {
    if (before != null && before.spec.label().equals(spec.label())) {
      said = before.said;
    }
    thread.start();
  }

  void stop() {
    thread.interrupt();
  }

  SourceSpec spec() {
    return spec;
  }

  FollowerStatus status() {
    return status;
  }

  /// Another configuration is in force that has the same source.
  void report(ErrorLog nextLog, BiConsumer<UpstreamSpec, ErrorLog> nextKeeper) {
    log = nextLog;
    keeper = nextKeeper;
  }

  private void run() {
    try (Source source = spec.open(this::places)) {
      node.writer.exclusively(() -> {
        // returns when the configuration is in force, and the group is there
      });
      while (!Thread.currentThread().isInterrupted()) {
        try {
          Source.Answer answer = source.next();
          if (!take(answer)) {
            source.again();
            pause();
          }
        } catch (Source.Failure e) {
          trouble(State.SILENT, e.text());
          pause();
        } catch (RuntimeException e) { // a bug of ours, and no reason not to try again
          log.log(Level.ALERT, 0, "unexpected error while following " + spec.label(), e);
          source.again();
          pause();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // it is stopped
    } catch (IllegalStateException e) {
      log.log(Level.INFO, "upstream \"" + upstream + "\" is followed no more: " + e.getMessage());
    }
  }

  /// At most one question a second to a source in trouble, and not all nodes at once.
  private void pause() throws InterruptedException {
    long least = Math.max(1000, spec.retryMillis());
    TimeUnit.MILLISECONDS.sleep(least + ThreadLocalRandom.current().nextLong(least / 2));
  }

  /// Makes the group what the source says; false if that cannot be now.
  private boolean take(Source.Answer answer) throws InterruptedException {
    for (String left : answer.troubles()) {
      log.log(Level.ERROR, spec.dialect() + ": upstream \"" + upstream + "\": " + left);
    }
    List<PeerSpec> wanted = answer.servers();
    if (wanted.isEmpty() && !spec.emptyMeansDown()) {
      // Whatever emptied it, an outage of the registry included: no group is emptied by that.
      note(State.REFUSED, "it has no servers now");
      answered();
      return true;
    }
    for (int i = 0; i < MOST_TRIES; i++) {
      Present present = present();
      UpstreamSpec group = present.spec;
      if (group == null) {
        note(State.REFUSED, "there is no such upstream now: it was deleted");
        return false;
      }
      List<PeerSpec> next =
          wanted.isEmpty()
              ? group.servers().stream().map(server -> server.withDown(true)).toList()
              : reconciliation.next(group, said, wanted);
      if (next.equals(group.servers())) {
        done(answer, group, null);
        return true;
      }
      ChangeRequest request =
          ChangeRequest.of(origin(answer, group, next), upstream, new UpstreamChange.Replace(next))
              .ifRevision(present.revision);
      switch (submit(request)) {
        case ChangeResult.Applied applied -> {
          UpstreamSpec now = present().spec;
          done(answer, now == null ? group : now, applied);
          return true;
        }
        case ChangeResult.StaleRevision _ -> {
          continue; // something else was changed meanwhile: look again
        }
        case ChangeResult.ForbiddenTarget(String message) -> {
          List<PeerSpec> allowed = allowed(group, wanted);
          if (allowed.isEmpty() || allowed.size() == wanted.size()) {
            trouble(State.REFUSED, message);
            return false;
          }
          wanted = allowed;
        }
        case ChangeResult.Refused refused -> {
          trouble(State.REFUSED, refused.message());
          return false;
        }
        case ChangeResult.StoreFailed(_, String message) -> {
          trouble(State.REFUSED, "the change could not be stored: " + message);
          return false;
        }
        case ChangeResult.Unavailable(String message) -> {
          trouble(State.REFUSED, message);
          return false;
        }
      }
    }
    trouble(State.REFUSED, "too many other changes are made");
    return false;
  }

  private record Present(long revision, @Nullable UpstreamSpec spec) {}

  private Present present() {
    return node.writer.consistently(revision -> {
      UpstreamState state = node.upstreams.state(upstream);
      return new Present(revision, state == null ? null : state.spec());
    });
  }

  private ChangeResult submit(ChangeRequest request) throws InterruptedException {
    try {
      return node.writer.submit(request).get();
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    }
  }

  /// Those servers that the group has, or that each alone may be added.
  private List<PeerSpec> allowed(UpstreamSpec group, List<PeerSpec> wanted)
      throws InterruptedException {
    List<PeerSpec> allowed = new ArrayList<>();
    for (PeerSpec server : wanted) {
      boolean known =
          group.servers().stream().anyMatch(one -> one.address().equals(server.address()));
      ChangeResult verdict =
          known
              ? null
              : submit(
                  ChangeRequest.of(
                          Origin.of(spec.dialect(), spec.label()),
                          upstream,
                          new UpstreamChange.Add(server))
                      .asDryRun());
      if (verdict instanceof ChangeResult.ForbiddenTarget(String message)) {
        log.log(Level.ERROR, spec.dialect() + ": " + message + ": it is left out");
      } else {
        allowed.add(server);
      }
    }
    return allowed;
  }

  private Origin origin(Source.Answer answer, UpstreamSpec group, List<PeerSpec> next) {
    return new Origin(
        spec.dialect(),
        spec.label(),
        (answer.version() + " " + ListChange.of(group.servers(), next)).strip());
  }

  private void done(Source.Answer answer, UpstreamSpec group, ChangeResult.@Nullable Applied made) {
    said = answer.servers();
    FollowerStatus before = status;
    boolean wasSilent = before.state() != State.IN_STEP && before.state() != State.WAITING;
    status =
        new FollowerStatus(
            upstream,
            spec.label(),
            State.IN_STEP,
            "",
            System.currentTimeMillis(),
            before.changes() + (made == null ? 0 : 1),
            before.failures());
    told = "";
    if (wasSilent) {
      log.log(Level.NOTICE, about() + " is in step again");
      publish(State.IN_STEP, "");
    }
    if (made != null) {
      log.log(
          Level.NOTICE,
          "%s: %d servers, revision %d"
              .formatted(about(), group.servers().size(), made.revision()));
    }
    keeper.accept(group, log);
  }

  private void answered() {
    FollowerStatus now = status;
    status =
        new FollowerStatus(
            upstream,
            spec.label(),
            now.state(),
            now.message(),
            System.currentTimeMillis(),
            now.changes(),
            now.failures());
  }

  private void trouble(State state, String message) {
    FollowerStatus now = status;
    status =
        new FollowerStatus(
            upstream,
            spec.label(),
            now.state(),
            now.message(),
            now.answeredMillis(),
            now.changes(),
            now.failures() + 1);
    note(state, message);
  }

  /// Tells of a state once, not with every question.
  private void note(State state, String message) {
    FollowerStatus now = status;
    status =
        new FollowerStatus(
            upstream,
            spec.label(),
            state,
            message,
            now.answeredMillis(),
            now.changes(),
            now.failures());
    if (!message.equals(told)) {
      told = message;
      log.log(Level.ERROR, about() + ": " + message + ", the servers stay as they are");
      publish(state, message);
    }
  }

  private void publish(State state, String message) {
    node.events.publish(
        "discovery",
        Map.of(
            "upstream",
            upstream,
            "source",
            spec.label(),
            "state",
            state.name().toLowerCase(java.util.Locale.ROOT),
            "message",
            message));
  }

  private String about() {
    return spec.dialect() + ": upstream \"" + upstream + "\" from " + spec.label();
  }

  /// With a resolver, names are resolved all the time, like those of the configuration.
  private List<PeerAddress> places(String place) throws Source.Failure {
    Upstream group = node.upstreams.find(upstream);
    try {
      return ServerAddress.isName(place) && group != null && node.upstreams.hasResolver(group)
          ? List.of(ServerAddress.unresolved(place, ""))
          : ServerAddress.lookUp(place);
    } catch (IllegalArgumentException e) {
      throw new Source.Failure("server \"" + place + "\": " + e.getMessage(), e);
    }
  }
}
