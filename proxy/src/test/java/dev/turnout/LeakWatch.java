package dev.turnout;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Lets a test class fail when a buffer was dropped without being released: every buffer has
/// exactly one owner. Registered for all tests of the module; Netty's leak detector runs at its
/// paranoid level in them.
///
/// A lost buffer is found once the garbage collector has found it, so a report names the class that
/// had run by then and the places that touched the buffer.
public final class LeakWatch implements AfterAllCallback {
  private static final ConcurrentLinkedQueue<String> REPORTS = new ConcurrentLinkedQueue<>();
  private static final AtomicBoolean USED = new AtomicBoolean();

  static {
    // before any allocator asks for its detector, which it does once
    ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Watched());
  }

  private static final class Watched extends ResourceLeakDetectorFactory {
    @Override
    @SuppressWarnings("deprecation") // the one that subclasses have to implement
    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
        Class<T> resource, int samplingInterval, long maxActive) {
      return newResourceLeakDetector(resource, samplingInterval);
    }

    @Override
    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
        Class<T> resource, int samplingInterval) {
      return new Detector<>(resource, samplingInterval);
    }
  }

  private static final class Detector<T> extends ResourceLeakDetector<T> {
    @SuppressWarnings("deprecation") // it is the constructor that factories are to use
    Detector(Class<?> resource, int samplingInterval) {
      super(resource, samplingInterval);
      if (resource == ByteBuf.class) {
        USED.set(true);
      }
    }

    @Override
    protected boolean needReport() {
      return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
      REPORTS.add(resourceType + " was not released. " + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
      REPORTS.add(resourceType + " was not released, nobody knows where");
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (!USED.get()) {
      return;
    }
    List<String> leaks = found();
    if (!leaks.isEmpty()) {
      throw new AssertionError(leaks.size() + " leaks, the first: " + leaks.getFirst());
    }
  }

  /// What has leaked since this was last asked.
  static List<String> found() {
    collectGarbage();
    // An allocation looks at what the collector has found.
    ByteBufAllocator.DEFAULT.heapBuffer(1).release();
    List<String> leaks = List.copyOf(REPORTS);
    REPORTS.clear();
    return leaks;
  }

  private static void collectGarbage() {
    WeakReference<Object> gone = new WeakReference<>(new Object());
    long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    do {
      System.gc();
      LockSupport.parkNanos(1_000_000); // references are enqueued by another thread
    } while (gone.get() != null && System.nanoTime() < end);
  }
}
