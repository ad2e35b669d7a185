package dev.turnout.discovery.upsync;

/// A server as a registry tells of it.
///
/// @param place `HOST:PORT`, an IPv6 address in brackets
record Entry(
    String place, int weight, int maxFails, long failTimeoutMillis, boolean down, boolean backup) {
  /// The module's defaults.
  static Entry at(String place) {
    return new Entry(place, 1, 2, 10_000, false, false);
  }

  Entry withWeight(int weight) {
    return new Entry(place, weight, maxFails, failTimeoutMillis, down, backup);
  }

  Entry withMaxFails(int maxFails) {
    return new Entry(place, weight, maxFails, failTimeoutMillis, down, backup);
  }

  Entry withFailTimeout(long failTimeoutMillis) {
    return new Entry(place, weight, maxFails, failTimeoutMillis, down, backup);
  }

  Entry withDown(boolean down) {
    return new Entry(place, weight, maxFails, failTimeoutMillis, down, backup);
  }

  Entry withBackup(boolean backup) {
    return new Entry(place, weight, maxFails, failTimeoutMillis, down, backup);
  }
}
