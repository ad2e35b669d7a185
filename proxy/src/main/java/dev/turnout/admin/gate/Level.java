package dev.turnout.admin.gate;

/// How much a role may do; each includes those before it.
public enum Level {
  /// Looks at everything.
  VIEWER,
  /// Changes servers, their weights and draining; points hosts at groups that exist.
  OPERATOR,
  /// Everything: makes and removes groups, points hosts at addresses, restores old states.
  ADMIN;

  /// As it is written in the configuration.
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
