package dev.turnout.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.turnout.log.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The system calls that Java has no method for: sessions, identities, limits, signals.
///
/// Each throws an `IOException` in nginx's words, such as `setuid(33) failed (1: Operation not
/// permitted)`. The first use loads the native binding; where that is not possible every call says
/// so instead. Linux on x86-64 and arm64 only.
public final class Posix {
  private static final int RLIMIT_NOFILE = 7;
  private static final int O_WRONLY = 1;
  private static final int O_CREAT = 0x40;
  private static final int O_APPEND = 0x400;
  private static final int SCHED_ATTR_BYTES = 48;
  private static final long SCHED_FLAG_RESET_ON_FORK = 1;
  private static final int READABLE_BY_ALL = 0x1A4; // rw-r--r--

  private Posix() {}

  /// Why none of these calls can be made, or nothing if they can.
  public static Optional<String> unavailable() {
    return Optional.ofNullable(Loaded.REASON);
  }

  /// Makes this process the leader of a new session without a terminal.
  public static void setsid() throws IOException {
    run("setsid()", "setsid");
  }

  /// Sets the mask of permission bits that new files do not get; returns the one before.
  public static int umask(int mask) throws IOException {
    return (int) call("umask(%o)".formatted(mask), "umask", mask);
  }

  /// Sends `signal` to process `pid`.
  public static void kill(long pid, PosixSignal signal) throws IOException {
    run("kill(" + pid + ", " + signal.number() + ")", "kill", pid, signal.number());
  }

  /// The `nice` value of the calling thread.
  public static int niceOfThisThread() throws IOException {
    Numbers number = Numbers.of(System.getProperty("os.arch", ""));
    // The system call, unlike the C library's function, never returns -1 for a value.
    return 20 - (int) call("getpriority()", "syscall", number.getpriority);
  }

  /// Sets how the kernel schedules the calling thread among the others: its `nice` value, from -20
  /// (first) to 19, and for how many nanoseconds it runs before another may have its turn, which
  /// Linux looks at from 6.12 on: who asks for less is also let in sooner. Less than the present
  /// nice value is root's to ask. Threads it starts get neither a negative value nor the slice.
  public static void scheduleThisThread(int nice, long sliceNanos) throws IOException {
    Numbers number = Numbers.of(System.getProperty("os.arch", ""));
    try (Arena arena = Arena.ofConfined()) {
      // struct sched_attr: size, policy (0 is the ordinary one), flags, nice, priority, runtime, …
      MemorySegment attributes = arena.allocate(SCHED_ATTR_BYTES, 8);
      attributes.set(JAVA_INT, 0, SCHED_ATTR_BYTES);
      attributes.set(JAVA_LONG, 8, SCHED_FLAG_RESET_ON_FORK);
      attributes.set(JAVA_INT, 16, nice);
      attributes.set(JAVA_LONG, 24, sliceNanos);
      run(
          "sched_setattr(" + nice + ")",
          "syscall",
          number.schedSetattr,
          0,
          attributes.address(),
          0);
    }
  }

  /// Sets how many files the process may have open (`worker_rlimit_nofile`).
  public static void limitOpenFiles(long count) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocateFrom(JAVA_LONG, count, count);
      run("setrlimit(RLIMIT_NOFILE, " + count + ")", "setrlimit", RLIMIT_NOFILE, limit.address());
    }
  }

  /// How many files the process may have open now.
  public static long openFilesLimit() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(JAVA_LONG, 2);
      run("getrlimit(RLIMIT_NOFILE)", "getrlimit", RLIMIT_NOFILE, limit.address());
      return limit.getAtIndex(JAVA_LONG, 0);
    }
  }

  /// Gives the whole process, with all its threads, the identity of `user` in group `gid`.
  public static void becomeUser(Accounts.User user, int gid, List<Integer> groups)
      throws IOException {
    // The user comes last: root's rights are needed for the others.
    try (Arena arena = Arena.ofConfined()) {
      run(setgid(gid), "setgid", gid);
      run(initgroups(user, gid), "setgroups", groups.size(), list(groups, arena).address());
      run(setuid(user), "setuid", user.uid());
    }
  }

  /// Gives the calling thread, and only it, the identity of `user` in group `gid`. Threads it
  /// starts from then on inherit it.
  public static void becomeUserOnThisThread(Accounts.User user, int gid, List<Integer> groups)
      throws IOException {
    // The C library's functions apply to all threads, the system calls themselves to one.
    Numbers number = Numbers.of(System.getProperty("os.arch", ""));
    try (Arena arena = Arena.ofConfined()) {
      long gids = list(groups, arena).address();
      run(setgid(gid), "syscall", number.setgid, gid);
      run(initgroups(user, gid), "syscall", number.setgroups, groups.size(), gids);
      run(setuid(user), "syscall", number.setuid, user.uid());
    }
  }

  private static String setgid(int gid) {
    return "setgid(" + Integer.toUnsignedString(gid) + ")";
  }

  private static String setuid(Accounts.User user) {
    return "setuid(" + Integer.toUnsignedString(user.uid()) + ")";
  }

  private static String initgroups(Accounts.User user, int gid) {
    return "initgroups(" + user.name() + ", " + Integer.toUnsignedString(gid) + ")";
  }

  private static MemorySegment list(List<Integer> groups, Arena arena) {
    return arena.allocateFrom(JAVA_INT, groups.stream().mapToInt(Integer::intValue).toArray());
  }

  /// Numbers of system calls.
  private record Numbers(
      long setuid, long setgid, long setgroups, long getpriority, long schedSetattr) {
    static Numbers of(String architecture) {
      return architecture.equals("aarch64")
          ? new Numbers(146, 144, 159, 141, 274)
          : new Numbers(105, 106, 116, 140, 314);
    }
  }

  /// Lets file descriptor `descriptor` (1: standard output, 2: standard error) append to `path`.
  public static void redirect(int descriptor, String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      long opened =
          call(
              "open() \"" + path + "\"",
              "open",
              arena.allocateFrom(path).address(),
              O_WRONLY | O_CREAT | O_APPEND,
              READABLE_BY_ALL);
      run("dup2()", "dup2", opened, descriptor);
      run("close()", "close", opened);
    }
  }

  /// Calls `function` for its effect; see [#call].
  static void run(String name, String function, long... arguments) throws IOException {
    long _ = call(name, function, arguments);
  }

  /// Calls the C library's `function` with up to six integers or addresses. -1 is a failure, as it
  /// is for all functions here; the exception calls it `name`.
  static long call(String name, String function, long... arguments) throws IOException {
    Binding binding = Loaded.BINDING;
    if (binding == null) {
      throw new IOException("native calls are not available: " + Loaded.REASON);
    }
    return binding.call(name, function, arguments);
  }

  /// The binding, or why there is none. Loaded with the first call.
  private static final class Loaded {
    private static final @Nullable Binding BINDING;
    private static final @Nullable String REASON;

    static {
      Binding binding = null;
      String reason = null;
      try {
        binding = new Binding();
      } catch (IllegalCallerException | UnsupportedOperationException e) {
        // Native access is refused (--illegal-native-access=deny), or this is another system.
        reason = String.valueOf(e.getMessage());
      }
      BINDING = binding;
      REASON = reason;
    }
  }

  /// One way to call any C function of integers and addresses.
  ///
  /// A method handle for each function, with its exact type, costs tens of milliseconds of every
  /// start. On both machines integers and addresses travel in the same registers, arguments beyond
  /// those a function has are not looked at, and variable arguments are passed like the others: so
  /// one handle of six longs serves all. What a function declares as `int` is narrowed by it; what
  /// it returns as `int` is told from -1 by its lower half.
  private static final class Binding {
    private static final int ARGUMENTS = 6;

    private final Linker linker;
    private final MethodHandle handle;

    // The types are those of the C library on the machines that are let through.
    @SuppressWarnings("restricted")
    Binding() {
      String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
      String machine = System.getProperty("os.arch", "");
      if (!system.equals("linux") || !List.of("amd64", "aarch64").contains(machine)) {
        throw new UnsupportedOperationException("not on Linux, x86-64 or arm64");
      }
      linker = Linker.nativeLinker();
      var six =
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
      handle = linker.downcallHandle(six, Linker.Option.captureCallState("errno"));
    }

    long call(String name, String function, long... arguments) throws IOException {
      MemorySegment symbol =
          linker
              .defaultLookup()
              .find(function)
              .orElseThrow(() -> new IllegalStateException("no function " + function));
      long[] a = Arrays.copyOf(arguments, ARGUMENTS);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment errno = arena.allocate(Linker.Option.captureStateLayout());
        long result = (long) handle.invokeExact(symbol, errno, a[0], a[1], a[2], a[3], a[4], a[5]);
        if ((int) result == -1) {
          // `errno` is the only state captured on these systems.
          throw new IOException(name + " failed (" + Errno.describe(errno.get(JAVA_INT, 0)) + ")");
        }
        return result;
      } catch (IOException | RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError("a native function threw", e);
      }
    }
  }
}
