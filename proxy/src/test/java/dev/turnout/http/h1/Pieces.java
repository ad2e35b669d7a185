package dev.turnout.http.h1;

import java.util.Random;

/// Feeds bytes in pieces of random sizes, the same for the same seed.
final class Pieces {
  interface Sink {
    void accept(byte[] bytes, int start, int length);
  }

  private Pieces() {}

  static void random(byte[] bytes, long seed, Sink sink) {
    Random random = new Random(seed);
    int most = 1 << random.nextInt(1, 9);
    int p = 0;
    while (p < bytes.length) {
      int n = Math.min(bytes.length - p, 1 + random.nextInt(most));
      sink.accept(bytes, p, n);
      p += n;
    }
  }

  static void single(byte[] bytes, Sink sink) {
    for (int p = 0; p < bytes.length; p++) {
      sink.accept(bytes, p, 1);
    }
  }
}
