package dev.turnout.http;

/// A module's typed place in every location: where it keeps what it has read from the
/// configuration.
///
/// @param <T> what is kept there
@SuppressWarnings("UnusedTypeParameter") // it ties what is kept to what is got
public final class Slot<T> {
  private final int index;

  Slot(int index) {
    this.index = index;
  }

  int index() {
    return index;
  }
}
