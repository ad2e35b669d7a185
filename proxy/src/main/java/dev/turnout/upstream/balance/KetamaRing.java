package dev.turnout.upstream.balance;

import dev.turnout.upstream.Peer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The points of consistent hashing: 160 for each unit of a server's weight, where
/// Cache::Memcached::Fast and nginx have them. Immutable.
///
/// There are [#MOST_POINTS] at most: of weights that ask for more, each server gets its share, so
/// that a weight of a million is not a minute of sorting whenever the list changes.
final class KetamaRing {
  private static final int POINTS_PER_WEIGHT = 160;
  private static final int MOST_POINTS = 4_000_000; // of weights of 25,000 in all

  private final int[] hashes; // ascending, as unsigned numbers
  private final int[] names; // of each point, its place in peersOfName
  private final int[][] peersOfName;

  private KetamaRing(int[] hashes, int[] names, int[][] peersOfName) {
    this.hashes = hashes;
    this.names = names;
    this.peersOfName = peersOfName;
  }

  static KetamaRing of(List<Peer> peers) {
    Map<String, List<Integer>> byName = new LinkedHashMap<>();
    for (int i = 0; i < peers.size(); i++) {
      byName.computeIfAbsent(peers.get(i).spec().server(), _ -> new ArrayList<>()).add(i);
    }
    int[][] peersOfName =
        byName.values().stream()
            .map(indexes -> indexes.stream().mapToInt(Integer::intValue).toArray())
            .toArray(int[][]::new);
    List<String> namesInOrder = List.copyOf(byName.keySet());

    // The hash in the upper half orders the points; of equal ones the server that is listed first
    // wins.
    int[] counts = counts(peers);
    long[] points = new long[Math.toIntExact(Arrays.stream(counts).asLongStream().sum())];
    int count = 0;
    for (int name = 0; name < namesInOrder.size(); name++) {
      int base = base(namesInOrder.get(name));
      for (int index : peersOfName[name]) {
        int previous = 0;
        for (int i = 0; i < counts[index]; i++) {
          previous = point(base, previous);
          points[count++] = Integer.toUnsignedLong(previous) << 31 | name;
        }
      }
    }
    Arrays.sort(points);
    return distinct(points, peersOfName);
  }

  /// How many points each peer has.
  private static int[] counts(List<Peer> peers) {
    long wanted = peers.stream().mapToLong(Peer::weight).sum() * POINTS_PER_WEIGHT;
    double share = Math.min(1, (double) MOST_POINTS / wanted);
    return peers.stream()
        .mapToInt(peer -> Math.max(1, (int) ((long) peer.weight() * POINTS_PER_WEIGHT * share)))
        .toArray();
  }

  private static KetamaRing distinct(long[] points, int[][] peersOfName) {
    int[] hashes = new int[points.length];
    int[] names = new int[points.length];
    int count = 0;
    for (long point : points) {
      int hash = (int) (point >>> 31);
      if (count == 0 || hashes[count - 1] != hash) {
        hashes[count] = hash;
        names[count++] = (int) point & Integer.MAX_VALUE;
      }
    }
    return new KetamaRing(Arrays.copyOf(hashes, count), Arrays.copyOf(names, count), peersOfName);
  }

  /// The CRC of host, zero byte and port, not yet ended: the points of a server go on from it.
  private static int base(String server) {
    String host = server;
    String port = "";
    if (server.toLowerCase(Locale.ROOT).startsWith("unix:")) {
      host = server.substring(5);
    } else {
      int colon = server.lastIndexOf(':');
      if (colon >= 0 && server.chars().skip(colon + 1L).allMatch(c -> c >= '0' && c <= '9')) {
        host = server.substring(0, colon);
        port = server.substring(colon + 1);
      }
    }
    int crc = Hashing.crcText(Hashing.crcStart(), host);
    return Hashing.crcText(Hashing.crcByte(crc, 0), port);
  }

  private static int point(int base, int previous) {
    int crc = base;
    for (int shift = 0; shift < 32; shift += 8) {
      crc = Hashing.crcByte(crc, previous >>> shift);
    }
    return Hashing.crcEnd(crc);
  }

  /// The place of the first point that is not below `hash`; one past the last if there is none.
  int firstAt(int hash) {
    int low = 0;
    int high = hashes.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Integer.compareUnsigned(hashes[middle], hash) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// The peers of the server that owns the point at `place`, counted around the ring.
  int[] peersAt(long place) {
    return peersOfName[names[(int) (place % hashes.length)]];
  }
}
