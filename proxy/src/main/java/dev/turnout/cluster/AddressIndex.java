package dev.turnout.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The smallest network that an address is in. Networks lie within each other or apart, so they cut
/// the addresses into stretches, each of which has one smallest network: a look-up is one binary
/// search for the stretch. Keys that are no networks are not in it.
final class AddressIndex implements KeyvalIndex {
  private final Table v4;
  private final Table v6;

  private AddressIndex(Table v4, Table v6) {
    this.v4 = v4;
    this.v6 = v6;
  }

  /// An entry whose key is a network.
  private record Net(NetworkKey key, String value, long deadlineMillis) {}

  static AddressIndex of(Map<String, String> entries, Map<String, Long> deadlines) {
    List<Net> four = new ArrayList<>();
    List<Net> six = new ArrayList<>();
    entries.forEach((text, value) -> {
      NetworkKey key = NetworkKey.parse(text);
      if (key != null) {
        long deadline = deadlines.getOrDefault(text, KeyvalEntry.NEVER);
        (key.v6() ? six : four).add(new Net(key, value, deadline));
      }
    });
    return new AddressIndex(new Table(four), new Table(six));
  }

  @Override
  public @Nullable String find(String text, long nowMillis) {
    NetworkKey wanted = NetworkKey.parse(text);
    if (wanted == null) {
      return null;
    }
    return (wanted.v6() ? v6 : v4).find(wanted, nowMillis);
  }

  /// The networks of one family.
  private static final class Table {
    private static final int NONE = -1;
    private static final Comparator<NetworkKey> IN_ORDER =
        Comparator.comparingLong((NetworkKey key) -> key.high() + Long.MIN_VALUE)
            .thenComparingLong(key -> key.low() + Long.MIN_VALUE)
            .thenComparingInt(NetworkKey::bits);

    private final Net[] nets; // in order: a network before those that are in it
    private final int[] around; // the smallest network around each
    private final long[] startHigh; // of the stretches
    private final long[] startLow;
    private final int[] smallest; // the network that a stretch belongs to
    private int stretches;

    Table(List<Net> unordered) {
      nets = unordered.toArray(Net[]::new);
      java.util.Arrays.sort(nets, Comparator.comparing(Net::key, IN_ORDER));
      around = new int[nets.length];
      startHigh = new long[2 * nets.length];
      startLow = new long[2 * nets.length];
      smallest = new int[2 * nets.length];
      int open = NONE;
      for (int i = 0; i < nets.length; i++) {
        while (open != NONE && endsBefore(nets[open].key, nets[i].key)) {
          open = close(open);
        }
        around[i] = open;
        open = i;
        begin(nets[i].key.high(), nets[i].key.low(), i);
      }
      while (open != NONE) {
        open = close(open);
      }
    }

    private static boolean endsBefore(NetworkKey one, NetworkKey other) {
      return compare(one.lastHigh(), one.lastLow(), other.high(), other.low()) < 0;
    }

    /// After a network begins a stretch of the one around it.
    private int close(int net) {
      NetworkKey key = nets[net].key;
      long low = key.lastLow() + 1;
      long high = key.lastHigh();
      boolean carries = low == 0;
      if (!carries || high != -1L) { // else there is nothing after it
        begin(carries ? high + 1 : high, low, around[net]);
      }
      return around[net];
    }

    private void begin(long high, long low, int net) {
      boolean again =
          stretches > 0 && startHigh[stretches - 1] == high && startLow[stretches - 1] == low;
      int at = again ? stretches - 1 : stretches++;
      startHigh[at] = high;
      startLow[at] = low;
      smallest[at] = net;
    }

    @Nullable String find(NetworkKey wanted, long nowMillis) {
      int low = 0;
      int high = stretches - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        if (compare(startHigh[middle], startLow[middle], wanted.high(), wanted.low()) <= 0) {
          low = middle + 1;
        } else {
          high = middle - 1;
        }
      }
      int net = high < 0 ? NONE : smallest[high];
      while (net != NONE && !(holds(nets[net], wanted) && nowMillis < nets[net].deadlineMillis)) {
        net = around[net];
      }
      return net == NONE ? null : nets[net].value;
    }

    /// A network that is looked up has to be in the other one as a whole.
    private static boolean holds(Net net, NetworkKey wanted) {
      return net.key.bits() <= wanted.bits();
    }

    private static int compare(long high, long low, long otherHigh, long otherLow) {
      int order = Long.compareUnsigned(high, otherHigh);
      return order != 0 ? order : Long.compareUnsigned(low, otherLow);
    }
  }
}
