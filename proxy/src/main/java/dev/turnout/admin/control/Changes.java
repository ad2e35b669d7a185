package dev.turnout.admin.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.History;
import dev.turnout.control.StoreStatus;
import dev.turnout.control.TrialTerms;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The way of the API's changes through the writer, and its refusals in the API's words. Waits for
/// the change to be durable and in force.
final class Changes {
  private final ChangeWriter writer;
  private final UnaryOperator<String> nearUpstreams;

  /// @param nearUpstreams what to say of upstreams whose names are like one that is not there
  Changes(ChangeWriter writer, UnaryOperator<String> nearUpstreams) {
    this.writer = writer;
    this.nearUpstreams = nearUpstreams;
  }

  History history() {
    return writer.history();
  }

  /// Makes a change.
  ///
  /// @param place where in the body an operation is described
  /// @throws Problem if it is not made
  ChangeResult.Applied make(ChangeRequest request, IntFunction<String> place) {
    ChangeResult result = writer.submit(request).join();
    if (result instanceof ChangeResult.Applied applied) {
      refuseOtherUseOfKey(request, applied);
      return applied;
    }
    Problem problem = problem(result, place);
    throw cause(result) instanceof ChangeResult.UnknownUpstream(String name)
        ? problem.hint(nearUpstreams.apply(name))
        : problem;
  }

  private static ChangeResult cause(ChangeResult result) {
    return result instanceof ChangeResult.InOperation(_, ChangeResult.Refused reason)
        ? reason
        : result;
  }

  private void refuseOtherUseOfKey(ChangeRequest request, ChangeResult.Applied applied) {
    boolean other =
        applied.repeated()
            && history()
                .entry(applied.revision())
                .filter(entry -> !entry.key().equals(request.key()))
                .isPresent();
    if (other) {
      throw Problem.of(
              422,
              "key_used",
              "this Idempotency-Key was used for another request, revision " + applied.revision())
          .at("header:Idempotency-Key")
          .hint("a new key for each new change");
    }
  }

  /// Makes a change that is one operation, described by the whole body.
  ChangeResult.Applied make(ChangeRequest request) {
    return make(request, _ -> "");
  }

  static Problem problem(ChangeResult result, IntFunction<String> place) {
    return switch (result) {
      case ChangeResult.Applied applied ->
          throw new IllegalStateException("that is no problem: " + applied);
      case ChangeResult.InOperation(int index, ChangeResult.Refused reason) ->
          refusal(reason, place.apply(index));
      case ChangeResult.Refused refused -> refusal(refused, place.apply(0));
      case ChangeResult.StoreFailed failed ->
          Problem.of(
              failed.status(),
              "not_stored",
              "not stored, nothing was changed: " + failed.message());
      case ChangeResult.Unavailable(String message) -> Problem.of(503, "unavailable", message);
    };
  }

  private static Problem refusal(ChangeResult.Refused refused, String place) {
    String message = refused.message();
    String named = place.isEmpty() ? "path" : place; // what no body names
    return switch (refused) {
      case ChangeResult.InOperation(_, ChangeResult.Refused reason) -> refusal(reason, place);
      case ChangeResult.StaleRevision(long _, long present) ->
          Problem.of(412, "revision_changed", message)
              .at("header:If-Match")
              .hint("read the state again, and decide anew")
              .atRevision(present);
      case ChangeResult.UnknownUpstream _ -> Problem.of(404, "unknown_upstream", message).at(named);
      case ChangeResult.UpstreamExists _ ->
          Problem.of(409, "upstream_exists", message)
              .at(place)
              .hint("PUT /upstreams/{upstream} replaces its servers");
      case ChangeResult.Rejected(_, var reason) -> rejected(reason, place);
      case ChangeResult.Guarded _ ->
          Problem.of(409, "guarded", message).hint("?force=1 makes the change all the same");
      case ChangeResult.UnknownRevision _ -> Problem.of(404, "unknown_revision", message).at(named);
      case ChangeResult.NoTrial _ ->
          Problem.of(404, "no_trial", message)
              .at(named)
              .hint("GET /trials has those that are; its end is in the history");
      case ChangeResult.OnTrial(long revision) ->
          Problem.of(409, "on_trial", message)
              .at(place)
              .hint(
                  "POST /trials/%d/confirm keeps it, POST /trials/%d/rollback takes it back"
                      .formatted(revision, revision));
      case ChangeResult.NothingToWatch _ ->
          Problem.of(400, "nothing_to_watch", message)
              .at("query:max_errors")
              .hint("confirm_within without max_errors asks for nothing but a confirmation");
      case ChangeResult.UnknownZone _ -> Problem.of(409, "unknown_zone", message).at(place);
      case ChangeResult.ZoneFull _ -> Problem.of(507, "zone_full", message).at(place);
      case ChangeResult.ForbiddenTarget _ -> Problem.of(403, "forbidden_target", message).at(place);
      case ChangeResult.InvalidKey _ -> Problem.invalid(message, place, "");
      case ChangeResult.NotShareable _ -> Problem.of(409, "not_shareable", message).at(place);
      case ChangeResult.Conflict(_, KeyvalCondition unmet) ->
          Problem.of(409, "condition_failed", unmet(unmet)).at(place);
    };
  }

  private static String unmet(KeyvalCondition unmet) {
    return switch (unmet) {
      case KeyvalCondition.Absent(String key) -> "key \"" + key + "\" already exists";
      case KeyvalCondition.Present(String key) -> "key \"" + key + "\" does not exist";
      case KeyvalCondition.Holds(String key, String value) ->
          "key \"" + key + "\" is not \"" + value + "\"";
      case KeyvalCondition.ZoneEmpty() -> "the zone is not empty";
      case KeyvalCondition.AtRevision(long revision) ->
          "the zone is no longer at revision " + revision;
    };
  }

  private static Problem rejected(dev.turnout.upstream.ChangeResult.Refused reason, String place) {
    String message = reason.message();
    return switch (reason) {
      case dev.turnout.upstream.ChangeResult.UnknownServer _ ->
          Problem.of(404, "unknown_server", message).at(place.isEmpty() ? "path" : place);
      case dev.turnout.upstream.ChangeResult.DuplicateId _,
          dev.turnout.upstream.ChangeResult.NoBackup _,
          dev.turnout.upstream.ChangeResult.NoSlowStart _,
          dev.turnout.upstream.ChangeResult.InvalidValue _ ->
          Problem.invalid(message, place, "");
    };
  }

  /// What a change has come to.
  ///
  /// @param kept whether it waits for the store that nodes share
  /// @param spread which nodes serve it; null: nobody asked
  Answer answer(
      int status,
      ChangeRequest request,
      ChangeResult.Applied applied,
      boolean kept,
      StoreStatus.@Nullable Spread spread) {
    return Answer.json(
            status,
            out -> {
              out.writeStartObject();
              out.writeNumberProperty("revision", applied.revision());
              out.writeBooleanProperty("changed", !applied.deltas().isEmpty());
              out.writeBooleanProperty("dry_run", request.dryRun());
              out.writeBooleanProperty("repeated", applied.repeated());
              Views.changes(out, applied.deltas());
              TrialTerms terms = request.trial();
              if (terms != null && !request.dryRun() && !applied.deltas().isEmpty()) {
                history()
                    .entry(applied.revision())
                    .map(JournalEntry::trial)
                    .ifPresent(trial -> Views.terms(out, trial));
              }
              if (kept) {
                out.writeBooleanProperty("kept", true);
              }
              if (spread != null) {
                Views.spread(out, spread);
              }
              out.writeEndObject();
            })
        .withRevision(applied.revision());
  }

  /// The servers that a change has added.
  static List<PeerSpec> added(List<Delta> deltas) {
    List<PeerSpec> added = new ArrayList<>();
    for (Delta delta : deltas) {
      if (delta instanceof Delta.OfUpstream(_, UpstreamState before, UpstreamState after)) {
        UpstreamSpec was = before == null ? null : before.spec();
        UpstreamSpec is = after == null ? null : after.spec();
        for (PeerSpec server : is == null ? List.<PeerSpec>of() : is.servers()) {
          if (was == null || was.indexOf(server.id()) < 0) {
            added.add(server);
          }
        }
      }
    }
    return added;
  }

  static @Nullable PeerSpec server(@Nullable UpstreamSpec spec, long id) {
    int at = spec == null ? -1 : spec.indexOf(id);
    return at < 0 ? null : Objects.requireNonNull(spec).servers().get(at);
  }
}
