package dev.turnout.admin.gate;

/// One interface through which changes are asked for.
///
/// @param name as in [dev.turnout.cluster.Origin]
/// @param changesByGet whether its own form is that GET changes something
/// @param takesJson whether the bodies of changes must say that they are JSON
public record Dialect(String name, boolean changesByGet, boolean takesJson) {
  /// One in which GET only looks, and bodies are of any type.
  public static Dialect of(String name) {
    return new Dialect(name, false, false);
  }

  /// The same, in which GET may change something.
  public Dialect changingByGet() {
    return new Dialect(name, true, takesJson);
  }

  /// The same, whose bodies must be `application/json`.
  public Dialect takingJson() {
    return new Dialect(name, changesByGet, true);
  }
}
