package dev.turnout.cluster;

/// Where a change came from: kept with it in the history.
///
/// @param dialect the interface that it was asked through: `switch`, `plus-api`, `dyups`,
///   `control-api`, `configuration`, …
/// @param who the identity that asked, as far as the interface knows it: a user, a key's name, the
///   client's address; empty if it knows none
/// @param why the reason that was given; empty if none was
/// @param from the address of the client that asked; empty if the interface has none
public record Origin(String dialect, String who, String why, String from) {
  /// A change that the configuration's files brought.
  public static final Origin CONFIGURATION = new Origin("configuration", "", "");

  /// A change of which it is not known where it was asked from.
  public Origin(String dialect, String who, String why) {
    this(dialect, who, why, "");
  }

  public Origin {
    if (dialect.isEmpty()) {
      throw new IllegalArgumentException("a change comes through some interface");
    }
  }

  /// A change through `dialect` by `who`, with no reason given.
  public static Origin of(String dialect, String who) {
    return new Origin(dialect, who, "");
  }
}
