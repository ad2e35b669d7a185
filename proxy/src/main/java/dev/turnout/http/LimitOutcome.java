package dev.turnout.http;

/// What became of a request at a limit: `$limit_req_status`, `$limit_conn_status`, and what a
/// limit's zone counts.
public enum LimitOutcome {
  PASSED,
  DELAYED,
  REJECTED,
  DELAYED_DRY_RUN,
  REJECTED_DRY_RUN
}
