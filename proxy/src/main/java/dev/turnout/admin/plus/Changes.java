package dev.turnout.admin.plus;

import dev.turnout.admin.gate.Ask;
import dev.turnout.admin.gate.Decision;
import dev.turnout.admin.gate.Permit;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Effect;
import dev.turnout.control.Operation;
import java.util.List;

/// The way of the API's changes through the writer, and its refusals in the API's words. Waits for
/// the change to be durable and in force.
final class Changes {
  private final ChangeWriter writer;

  Changes(ChangeWriter writer) {
    this.writer = writer;
  }

  /// Changes servers of an upstream; the effect of the first operation, as of the last.
  Effect.Servers servers(Call call, List<Operation> operations) {
    ChangeResult.Applied applied = made(call, operations);
    if (applied.effects().getFirst() instanceof Effect.Servers servers) {
      return servers;
    }
    throw new IllegalStateException("an edit of servers had the effect " + applied.effects());
  }

  /// Changes keys of a zone if the condition holds.
  void keys(Call call, KeyvalZone zone, List<KeyvalChange> edits, KeyvalCondition... conditions) {
    made(call, List.of(new Operation.EditZone(zone, edits, List.of(conditions))));
  }

  private ChangeResult.Applied made(Call call, List<Operation> operations) {
    Permit permit = call.permit();
    if (permit == null) {
      throw new IllegalStateException("a change that was not let in");
    }
    if (permit.may(Ask.of(operations)) instanceof Decision.Refused(int status, String text)) {
      throw new Refusal(status, "Forbidden", text);
    }
    Origin origin = permit.origin(call.described());
    ChangeResult result =
        writer.submit(new ChangeRequest(operations, origin, null, false, false, "")).join();
    return switch (result) {
      case ChangeResult.Applied applied -> applied;
      case ChangeResult.Refused refused -> throw refusal(refused);
      case ChangeResult.StoreFailed failed ->
          throw new Refusal(
              failed.status(),
              "StateNotStored",
              "not stored, nothing was changed: " + failed.message());
      case ChangeResult.Unavailable(String message) ->
          throw new Refusal(503, "Unavailable", message);
    };
  }

  private static Refusal refusal(ChangeResult.Refused refused) {
    String text = refused.message();
    return switch (refused) {
      case ChangeResult.UnknownUpstream _ ->
          new Refusal(404, "UpstreamNotFound", "upstream not found");
      case ChangeResult.Rejected(_, dev.turnout.upstream.ChangeResult.Refused reason) ->
          refusal(reason);
      case ChangeResult.Conflict(_, KeyvalCondition unmet) -> refusal(unmet, text);
      case ChangeResult.InvalidKey _ -> new Refusal(400, "KeyvalFormatError", "invalid key format");
      case ChangeResult.ZoneFull _ -> new Refusal(507, "KeyvalOutOfMemory", text);
      case ChangeResult.ForbiddenTarget _ -> new Refusal(403, "ForbiddenTarget", text);
      case ChangeResult.Guarded _ -> new Refusal(409, "ChangeGuarded", text);
      case ChangeResult.InOperation(_, ChangeResult.Refused reason) -> refusal(reason);
      case ChangeResult.StaleRevision _,
          ChangeResult.UpstreamExists _,
          ChangeResult.UnknownRevision _,
          ChangeResult.UnknownZone _,
          ChangeResult.NotShareable _,
          ChangeResult.NoTrial _,
          ChangeResult.OnTrial _,
          ChangeResult.NothingToWatch _ ->
          new Refusal(409, "Conflict", text);
    };
  }

  private static Refusal refusal(dev.turnout.upstream.ChangeResult.Refused reason) {
    String code =
        switch (reason) {
          case dev.turnout.upstream.ChangeResult.UnknownServer(long id) ->
              throw ServersResource.unknown(id);
          case dev.turnout.upstream.ChangeResult.NoBackup _ -> "UpstreamNoBackup";
          case dev.turnout.upstream.ChangeResult.NoSlowStart _ -> "UpstreamBadSlowStart";
          case dev.turnout.upstream.ChangeResult.DuplicateId _,
              dev.turnout.upstream.ChangeResult.InvalidValue _ ->
              "UpstreamConfFormatError";
        };
    return new Refusal(400, code, reason.message());
  }

  private static Refusal refusal(KeyvalCondition unmet, String text) {
    return switch (unmet) {
      case KeyvalCondition.Absent(String key) ->
          new Refusal(409, "KeyvalKeyExists", "key \"" + key + "\" already exists");
      case KeyvalCondition.Present _ ->
          new Refusal(404, "KeyvalKeyNotFound", "keyval key not found");
      case KeyvalCondition.ZoneEmpty _ -> Refusal.keyvalFormat("only one key can be added");
      case KeyvalCondition.AtRevision _, KeyvalCondition.Holds _ ->
          new Refusal(409, "Conflict", text);
    };
  }
}
