package dev.turnout.control;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.upstream.UpstreamChange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operations that are made together, as one revision, or not at all.
///
/// @param ifRevision the revision that must be the present one; null: any
/// @param dryRun only tells what the effect would be
/// @param force passes the guards
/// @param key an `Idempotency-Key`: a request with the key of a change that was made is answered
///   with that change; empty: none
/// @param trial on what terms it may be taken back by itself; null: it stays
public record ChangeRequest(
    List<Operation> operations,
    Origin origin,
    @Nullable Long ifRevision,
    boolean dryRun,
    boolean force,
    String key,
    @Nullable TrialTerms trial) {
  public ChangeRequest {
    operations = List.copyOf(operations);
  }

  /// Operations that stay made.
  public ChangeRequest(
      List<Operation> operations,
      Origin origin,
      @Nullable Long ifRevision,
      boolean dryRun,
      boolean force,
      String key) {
    this(operations, origin, ifRevision, dryRun, force, key, null);
  }

  /// Operations without conditions.
  public static ChangeRequest of(Origin origin, Operation... operations) {
    return new ChangeRequest(List.of(operations), origin, null, false, false, "");
  }

  /// One change of the servers of an upstream.
  public static ChangeRequest of(Origin origin, String upstream, UpstreamChange change) {
    return of(origin, new Operation.EditUpstream(upstream, change));
  }

  /// Edits of one zone.
  public static ChangeRequest of(Origin origin, KeyvalZone zone, KeyvalChange... edits) {
    return of(origin, new Operation.EditZone(zone, List.of(edits), List.of()));
  }

  /// The same edits of zones, made only if `conditions` hold in each.
  public ChangeRequest onlyIf(KeyvalCondition... conditions) {
    List<Operation> conditional =
        operations.stream()
            .<Operation>map(operation ->
                operation instanceof Operation.EditZone zone
                    ? new Operation.EditZone(zone.zone(), zone.edits(), List.of(conditions))
                    : operation)
            .toList();
    return new ChangeRequest(conditional, origin, ifRevision, dryRun, force, key, trial);
  }

  /// The same request, made only if `revision` is the present one.
  public ChangeRequest ifRevision(long revision) {
    return new ChangeRequest(operations, origin, revision, dryRun, force, key, trial);
  }

  /// The same request, asked for its effect only.
  public ChangeRequest asDryRun() {
    return new ChangeRequest(operations, origin, ifRevision, true, force, key, trial);
  }

  /// The same request, past the guards.
  public ChangeRequest forced() {
    return new ChangeRequest(operations, origin, ifRevision, dryRun, true, key, trial);
  }

  /// The same request under an `Idempotency-Key`.
  public ChangeRequest withKey(String newKey) {
    return new ChangeRequest(operations, origin, ifRevision, dryRun, force, newKey, trial);
  }

  /// The same request on trial; null: what it does stays.
  public ChangeRequest onTrial(@Nullable TrialTerms terms) {
    return new ChangeRequest(operations, origin, ifRevision, dryRun, force, key, terms);
  }
}
