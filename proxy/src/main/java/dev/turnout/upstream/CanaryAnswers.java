package dev.turnout.upstream;

/// What a canary has answered since it joined.
///
/// @param good answers below 500
/// @param bad the others, or attempts that failed, whichever are more: an answer may be both
public record CanaryAnswers(long good, long bad) {
  /// What follows from it.
  public enum Verdict {
    NOT_YET,
    TRUSTED,
    FAILED
  }

  /// What `peer` has answered.
  public static CanaryAnswers of(Peer peer) {
    var responses = peer.stats().responses();
    long bad = responses.ofClass(5);
    return new CanaryAnswers(responses.total() - bad, Math.max(bad, peer.stats().fails()));
  }

  /// Bad answers count first: who has too many is out, whatever else was answered meanwhile.
  public Verdict judge(Canary terms) {
    if (bad >= terms.bad()) {
      return Verdict.FAILED;
    }
    return good >= terms.good() ? Verdict.TRUSTED : Verdict.NOT_YET;
  }
}
