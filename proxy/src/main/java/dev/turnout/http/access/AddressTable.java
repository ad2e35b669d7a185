package dev.turnout.http.access;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Values of networks of one address family: the value of an address is that of the smallest
/// network it lies in. A tree with one level for each bit; built on one thread, then only read.
final class AddressTable {
  private static final int NONE = -1;

  private int[] next = {NONE, NONE}; // of node i: where bit 0 leads, where bit 1 leads
  private final List<@Nullable String> values = new ArrayList<>();

  AddressTable() {
    values.add(null);
  }

  /// Sets the value of a network; returns the one it had, or null.
  @Nullable String put(Network network, String value) {
    int node = 0;
    for (int bit = 0; bit < network.prefix(); bit++) {
      int edge = node * 2 + network.bit(bit);
      if (next[edge] == NONE) {
        int made = values.size();
        values.add(null);
        if (next.length < values.size() * 2) {
          int length = next.length;
          next = Arrays.copyOf(next, length * 2);
          Arrays.fill(next, length, next.length, NONE);
        }
        next[edge] = made;
      }
      node = next[edge];
    }
    return values.set(node, value);
  }

  /// Takes the value of a network away; returns it, or null if there is none.
  @Nullable String remove(Network network) {
    int node = 0;
    for (int bit = 0; bit < network.prefix() && node != NONE; bit++) {
      node = next[node * 2 + network.bit(bit)];
    }
    return node == NONE ? null : values.set(node, null);
  }

  /// The value of the smallest network that `address` lies in, or null.
  @Nullable String find(byte[] address) {
    String found = values.getFirst();
    int node = 0;
    for (int bit = 0; bit < address.length * 8; bit++) {
      node = next[node * 2 + Network.bit(address, bit)];
      if (node == NONE) {
        return found;
      }
      String here = values.get(node);
      if (here != null) {
        found = here;
      }
    }
    return found;
  }
}
