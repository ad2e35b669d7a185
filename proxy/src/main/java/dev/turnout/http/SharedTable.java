package dev.turnout.http;

/// What a zone of {@link SharedZones} holds, as an operator may ask about it. May be asked by any
/// thread.
public interface SharedTable {
  /// Bytes that its entries are charged with, against the size of the zone.
  long usedBytes();

  /// How many entries it has.
  int entries();
}
