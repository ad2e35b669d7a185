package dev.turnout.http;

/// A module's typed place in every exchange: where it keeps what it knows about this request.
///
/// @param <T> what is kept there
@SuppressWarnings("UnusedTypeParameter") // it ties what is put to what is got
public final class ExchangeSlot<T> {
  private final int index;

  ExchangeSlot(int index) {
    this.index = index;
  }

  int index() {
    return index;
  }
}
