package dev.turnout.autoscaler;

/// What a policy makes of a look: a floor that is wanted at once, and a ceiling above which servers
/// are surplus.
///
/// @param least servers that the load needs now
/// @param most servers beyond this one are not needed; never below `least`
/// @param why in a few words, such as `2 servers carry 20`
public record Wish(int least, int most, String why) {
  public Wish {
    most = Math.max(least, most);
  }

  /// Exactly so many.
  public static Wish exactly(int servers, String why) {
    return new Wish(servers, servers, why);
  }
}
