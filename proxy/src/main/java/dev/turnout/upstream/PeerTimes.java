package dev.turnout.upstream;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// How long a server takes: moving averages, in milliseconds as nginx keeps them. Written where
/// `least_time` chooses; survives every change to the upstream that keeps the server.
///
/// The averages of ended requests are words that are changed by compare-and-set. What is known of
/// the requests still running is guarded by the upstream's [SpinLock], as the weights are.
public final class PeerTimes {
  private static final VarHandle HEADER;
  private static final VarHandle RESPONSE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEADER = lookup.findVarHandle(PeerTimes.class, "header", long.class);
      RESPONSE = lookup.findVarHandle(PeerTimes.class, "response", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final SpinLock lock;
  private volatile long header;
  private volatile long response;

  private int running;
  private long begun;
  private long age;

  PeerTimes(SpinLock lock) {
    this.lock = lock;
  }

  /// The average time to the head of a response; 0 while none is known.
  public long headerMillis() {
    return header;
  }

  /// The average time to the end of a response; 0 while none is known.
  public long responseMillis() {
    return response;
  }

  void header(long millis) {
    account(HEADER, millis);
  }

  void response(long millis) {
    account(RESPONSE, millis);
  }

  private void account(VarHandle average, long millis) {
    long before = (long) average.getVolatile(this);
    while (true) {
      long witness = (long) average.compareAndExchange(this, before, next(before, millis));
      if (witness == before) {
        return;
      }
      before = witness;
    }
  }

  /// The first value is the average; each other one counts a twentieth, rounded as nginx does.
  static long next(long average, long value) {
    return average == 0 ? value : (long) (0.5 + value * 0.05 + average * 0.95);
  }

  /// A request begins. Holding the lock.
  void begin(long nowMillis) {
    running++;
    begun += nowMillis;
  }

  /// The request that began at `beganMillis` is over, or its head has come.
  void done(long beganMillis) {
    lock.lock();
    try {
      running--;
      begun -= beganMillis;
    } finally {
      lock.unlock();
    }
  }

  /// Takes the average age of the running requests into the average of these ages, which it
  /// returns; 0 if none is running. Holding the lock.
  long observeAge(long nowMillis) {
    if (running == 0) {
      return 0;
    }
    age = next(age, Math.max(0, nowMillis - begun / running));
    return age;
  }

  /// What [#observeAge] said last if requests are running. Holding the lock.
  long age() {
    return running == 0 ? 0 : age;
  }
}
