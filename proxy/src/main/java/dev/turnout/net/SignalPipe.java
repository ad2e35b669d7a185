package dev.turnout.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.Optional;

/// Signals of this process as bytes in a pipe. Lives as long as the process.
///
/// `sun.misc.Signal` cannot do this: the JVM keeps QUIT for thread dumps (and with `-Xrs` also HUP,
/// INT and TERM), and leaves those alone that its parent ignored, as `nohup` does with HUP. A
/// signal handler cannot be a Java method either, because it may run on any thread in any state. So
/// the handler is a dozen instructions of our own that make one system call, `write(pipe, &signal,
/// 1)`, and touch neither the JVM nor `errno`.
public final class SignalPipe {
  private static final int O_CLOEXEC = 0x80000;
  private static final int O_NONBLOCK = 0x800;
  private static final int F_SETFL = 4;
  private static final int SA_RESTART = 0x10000000;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final long PAGE = 4096;

  /// `struct sigaction`: handler, mask of 128 bytes, flags, restorer.
  private static final long SIGACTION_BYTES = 152;

  private static final long SIGACTION_FLAGS = 136;

  private final int readEnd;
  private final MemorySegment received = Arena.ofAuto().allocate(1);

  private SignalPipe(int readEnd) {
    this.readEnd = readEnd;
  }

  /// Catches `signals` from now on.
  public static SignalPipe of(Collection<PosixSignal> signals) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(JAVA_INT, 2);
      Posix.run("pipe2()", "pipe2", ends.address(), O_CLOEXEC);
      int writeEnd = ends.getAtIndex(JAVA_INT, 1);
      // A handler must not wait: with thousands of signals unread, more of them are redundant.
      Posix.run("fcntl()", "fcntl", writeEnd, F_SETFL, O_NONBLOCK);
      long handler = placeHandler(writeEnd);
      MemorySegment action = arena.allocate(SIGACTION_BYTES, 8);
      action.set(JAVA_LONG, 0, handler);
      action.set(JAVA_INT, SIGACTION_FLAGS, SA_RESTART);
      for (PosixSignal signal : signals) {
        Posix.run("sigaction()", "sigaction", signal.number(), action.address());
      }
      return new SignalPipe(ends.getAtIndex(JAVA_INT, 0));
    }
  }

  /// Waits for the next signal.
  public PosixSignal take() throws IOException {
    while (true) {
      long count = Posix.call("read()", "read", readEnd, received.address(), 1);
      Optional<PosixSignal> signal = PosixSignal.numbered(received.get(JAVA_BYTE, 0));
      if (count == 1 && signal.isPresent()) {
        return signal.get();
      }
    }
  }

  @SuppressWarnings("restricted") // the page is as long as it was asked to be
  private static long placeHandler(int writeEnd) throws IOException {
    byte[] code = handler(System.getProperty("os.arch", ""), writeEnd);
    int writable = PROT_READ | PROT_WRITE;
    long page = Posix.call("mmap()", "mmap", 0, PAGE, writable, MAP_PRIVATE_ANONYMOUS, -1, 0);
    MemorySegment memory = MemorySegment.ofAddress(page).reinterpret(PAGE);
    MemorySegment.copy(code, 0, memory, JAVA_BYTE, 0, code.length);
    Posix.run("mprotect()", "mprotect", page, PAGE, PROT_READ | PROT_EXEC);
    return page;
  }

  /// The handler's machine code: the signal's number comes in the first argument register and is
  /// pushed, its address is written from.
  static byte[] handler(String architecture, int writeEnd) {
    ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    if (architecture.equals("aarch64")) {
      int low = writeEnd & 0xFFFF;
      int high = writeEnd >>> 16;
      code.putInt(0xD10043FF) // sub  sp, sp, #16
          .putInt(0xB90003E0) // str  w0, [sp]
          .putInt(0x52800000 | low << 5) // movz w0, #low
          .putInt(0x72A00000 | high << 5) // movk w0, #high, lsl #16
          .putInt(0x910003E1) // mov  x1, sp
          .putInt(0xD2800022) // mov  x2, #1
          .putInt(0xD2800808) // mov  x8, #64 (write)
          .putInt(0xD4000001) // svc  #0
          .putInt(0x910043FF) // add  sp, sp, #16
          .putInt(0xD65F03C0); // ret
    } else {
      code.putInt(0xFA1E0FF3) // endbr64
          .put((byte) 0x57) // push rdi
          .put((byte) 0xBF)
          .putInt(writeEnd) // mov  edi, writeEnd
          .put(new byte[] {0x48, (byte) 0x89, (byte) 0xE6}) // mov  rsi, rsp
          .put((byte) 0xBA)
          .putInt(1) // mov  edx, 1
          .put((byte) 0xB8)
          .putInt(1) // mov  eax, 1 (write)
          .put(new byte[] {0x0F, 0x05}) // syscall
          .put((byte) 0x5F) // pop  rdi
          .put((byte) 0xC3); // ret
    }
    byte[] bytes = new byte[code.position()];
    code.flip().get(bytes);
    return bytes;
  }
}
