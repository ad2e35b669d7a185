package dev.turnout.log;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// A unix socket that takes datagrams, as syslog servers have one (`/dev/log`), which Java has no
/// channel for. Never waits: what finds no room is an error. Used by one thread. Linux only.
final class UnixDatagrams implements Closeable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0x80000 | 0x800;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int LONGEST_PATH = 107;

  private final int socket;

  private UnixDatagrams(int socket) {
    this.socket = socket;
  }

  /// What the C library does; loaded when first needed.
  private static final class Calls {
    static final StructLayout STATE = Linker.Option.captureStateLayout();
    static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    static final MethodHandle SOCKET =
        handle("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    static final MethodHandle CONNECT =
        handle("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    static final MethodHandle SEND =
        handle("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    @SuppressWarnings("restricted") // the launcher permits native access
    private static MethodHandle handle(String name, FunctionDescriptor type) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
    }
  }

  @FunctionalInterface
  private interface Call {
    long make(MemorySegment state) throws Throwable;
  }

  /// Connects to the server at `path`.
  ///
  /// @throws IOException with the system's reason
  static UnixDatagrams connect(String path) throws IOException {
    byte[] bytes = path.getBytes(StandardCharsets.ISO_8859_1);
    if (bytes.length > LONGEST_PATH) {
      throw new IOException("too long path in the unix domain socket");
    }
    UnixDatagrams made =
        new UnixDatagrams(
            (int)
                call(state ->
                    (int)
                        Calls.SOCKET.invokeExact(state, AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0)));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(2 + LONGEST_PATH + 1, 2); // zeros
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(bytes, 0, address, JAVA_BYTE, 2, bytes.length);
      int socket = made.socket;
      int length = 2 + bytes.length + 1;
      call(state -> (int) Calls.CONNECT.invokeExact(state, socket, address, length));
      return made;
    } catch (IOException e) {
      made.close();
      throw e;
    }
  }

  /// Sends one datagram.
  ///
  /// @throws IOException with the system's reason
  void send(ByteBuffer datagram) throws IOException {
    int size = datagram.remaining();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, size));
      bytes.asByteBuffer().put(datagram);
      call(state -> (long) Calls.SEND.invokeExact(state, socket, bytes, (long) size, MSG_NOSIGNAL));
    }
  }

  @Override
  public void close() throws IOException {
    call(state -> (int) Calls.CLOSE.invokeExact(state, socket));
  }

  private static long call(Call call) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long result = call.make(state);
      if (result < 0) {
        throw new IOException(Errno.text((int) Calls.ERRNO.get(state, 0L)));
      }
      return result;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e); // the calls declare none
    }
  }
}
