package dev.turnout.lua;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.turnout.log.Level;
import dev.turnout.lua.dict.SharedDict;
import dev.turnout.lua.json.JsonDecoder;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One Lua state, of one event loop and one configuration. Made by the thread that reads the
/// configuration; from its activation on confined to its loop.
///
/// Java enters Lua only from the top of the loop, by one of a few operations, and not while Lua
/// runs: what functions called by Lua want to have done in Lua waits until Lua has returned. What
/// the two say to each other lies in a struct of native memory and in a scratch buffer.
public final class LuaVm {
  /// What a function returns when all is well; its result, if any, has been given with `answer`.
  public static final int OK = 0;

  /// What a function returns when the thread is to wait: {@link #suspend} has been called.
  public static final int AGAIN = 1;

  /// What a function returns for nil, or "there is none".
  public static final int NONE = 2;

  /// What a function returns, with a text, for what its script makes nil and that text of.
  public static final int REFUSED = -2;

  /// What Lua sees when a function threw something; the text says what.
  public static final int THREW = -1;

  // ---- operations, and what they come to

  static final int LOAD = 1;
  static final int START = 2;
  static final int RESUME = 3;
  static final int CALL = 4;
  static final int KILL = 5;
  static final int FREE = 6;
  static final int LOAD_FILE = 7;
  static final int TIMER = 8;
  static final int FORGET = 9;
  static final int RESET = 10;
  static final int ON_ABORT = 11;
  static final int WORK = 12;

  static final int DONE = 0;
  static final int WAITS = 1;
  static final int ABORTED = 2;
  static final int FAILED = 3;
  static final int STALE = -2;
  static final int BROKEN = -3;

  // ---- the struct

  private static final String STRUCT =
      "typedef struct { int32_t op, run, chunk, thread, serial, rc, kind, n, phase, m, made, spare;"
          + " const char *p; const char *q; double num; } turnout_io;";
  private static final long OP = 0;
  private static final long RUN = 4;
  private static final long CHUNK = 8;
  private static final long THREAD = 12;
  private static final long SERIAL = 16;
  private static final long RC = 20;
  private static final long KIND = 24;
  private static final long N = 28;
  private static final long PHASE = 32;
  private static final long M = 36;
  private static final long MADE = 40;
  private static final long P = 48;
  private static final long Q = 56;
  private static final long NUMBER = 64;
  private static final long IO_SIZE = 72;

  /// Files are loaded as chunks from this number on.
  private static final int FIRST_FILE = 1 << 20;

  private static final int SCRATCH = 64 * 1024;

  // ---- all of the process, by number

  private static final @Nullable LuaVm[] NUMBERED = new @Nullable LuaVm[1 << 14];
  private static final AtomicInteger OPEN = new AtomicInteger();
  private static int lastNumber;

  private final int number;
  private final LuaProgram program;
  private final @Nullable Worker worker;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment io;
  private final long state;
  private final int dispatch;
  private final long hook;
  private final ArrayDeque<Runnable> afterwards = new ArrayDeque<>();
  private final LuaNames names;
  private final LuaTimers timers;
  private final Map<Integer, LuaWait> parked = new HashMap<>();
  private final Numbered<LuaDatagrams> datagrams = new Numbered<>();
  private final JsonDecoder json = new JsonDecoder();
  private final LuaSockets sockets;
  private final LuaRegexes regexes = new LuaRegexes();
  private final SharedDict.Found found = new SharedDict.Found();
  private MemorySegment scratch;
  private byte[] bytes = new byte[1024];
  private @Nullable String result;
  private @Nullable LuaRun run;
  private boolean inside;
  private boolean closed;
  private final boolean[] armed = {false}; // also the monitor of what the watchdog looks at
  private volatile long enteredAt;
  private volatile @Nullable String stopped;
  private int serial;
  private int lists;
  private int nextRun;
  private int users;
  private boolean leaving;
  private boolean ending;
  private final BitSet loaded = new BitSet();
  private final Map<String, Integer> files = new HashMap<>();
  private int nextFile = FIRST_FILE;

  /// Makes a VM and runs the scripts of the parts in it.
  LuaVm(LuaProgram program, @Nullable Worker worker) {
    this.program = program;
    this.worker = worker;
    this.names = new LuaNames(program.http().variables());
    this.timers = new LuaTimers(this);
    this.sockets = new LuaSockets(program);
    io = arena.allocate(IO_SIZE, 8);
    scratch = arena.allocate(SCRATCH, 8);
    number = take(this);
    state = LuaNative.newState();
    LuaNative.pushNull(state);
    int nullKey = LuaNative.keep(state);
    String wrong = LuaNative.load(state, bootstrap(nullKey), "=turnout:start");
    if (wrong == null && LuaNative.pcall(state, 0, 1, 0) != 0) {
      wrong = LuaNative.text(state, -1);
    }
    if (wrong != null) {
      close();
      throw new IllegalStateException("Lua does not start: " + wrong);
    }
    dispatch = LuaNative.keep(state);
    hook = LuaNative.hook(state);
    LuaNative.hook(state, 0, 0, 0);
  }

  private static int take(LuaVm vm) {
    synchronized (NUMBERED) {
      for (int i = 0; i < NUMBERED.length; i++) {
        lastNumber = (lastNumber + 1) % NUMBERED.length;
        if (NUMBERED[lastNumber] == null) {
          NUMBERED[lastNumber] = vm;
          OPEN.incrementAndGet();
          return lastNumber;
        }
      }
    }
    throw new IllegalStateException("too many Lua states");
  }

  /// The VM that Lua calls from.
  static LuaVm numbered(int number) {
    LuaVm vm = NUMBERED[number];
    if (vm == null) {
      throw new IllegalStateException("a VM that is closed calls");
    }
    return vm;
  }

  /// How many VMs the process has.
  static int open() {
    return OPEN.get();
  }

  private String bootstrap(int nullKey) {
    StringBuilder out = new StringBuilder(128 * 1024);
    out.append("local ffi=require'ffi' ffi.cdef[[").append(STRUCT).append("]] local P={vm=");
    out.append(number).append(",io=ffi.cast('turnout_io*',ffi.cast('void*',");
    out.append(io.address())
        .append("ULL)),fn=")
        .append(LuaParts.functions())
        .append(",null=debug.getregistry()[")
        .append(nullKey)
        .append("],interpreted=")
        .append(program.limits().stopsScripts())
        .append("}\n");
    out.append("local function load(s,n) return assert(loadstring(s,n)) end\n");
    out.append("local dispatch,T=load(").append(quoted(script("core.lua")));
    out.append(",'=turnout:core')(P)\nT.config=").append(program.configTable()).append('\n');
    for (LuaPart part : LuaParts.all()) {
      String name = part.script();
      out.append("load(").append(quoted(script(name))).append(",'=turnout:");
      out.append(name, 0, name.length() - 4).append("')(T)\n");
    }
    return out.append("return dispatch").toString();
  }

  private static String script(String name) {
    try (InputStream in = LuaVm.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the program lacks its " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String quoted(String text) {
    return "[========[\n" + text + "]========]";
  }

  // ---- entering

  /// The loop that it belongs to; null where a configuration is only tested.
  public @Nullable Worker worker() {
    return worker;
  }

  /// The configuration that it belongs to.
  public LuaProgram program() {
    return program;
  }

  LuaNames names() {
    return names;
  }

  /// True while Lua runs.
  boolean isInside() {
    return inside;
  }

  private int enter(int op, LuaRun of) {
    if (inside || closed) {
      throw new IllegalStateException(closed ? "the VM is closed" : "Lua is entered twice");
    }
    assert worker == null || !program.isActive() || worker.loop().inEventLoop()
        : "Lua used off its event loop";
    inside = true;
    LuaWatchdog dog = program.watchdog();
    if (dog != null) {
      makeRoom();
      enteredAt = System.nanoTime();
    }
    boolean broken = false;
    LuaRun before = run;
    run = of;
    io.set(JAVA_INT, OP, op);
    io.set(JAVA_INT, RUN, of.number());
    io.set(JAVA_INT, PHASE, of.phase().bit());
    try {
      LuaNative.push(state, dispatch);
      int rc = LuaNative.pcall(state, 0, 0, 0);
      if (rc == 0) {
        if (io.get(JAVA_INT, MADE) != 0) {
          io.set(JAVA_INT, MADE, 0);
          of.keepsTable();
        }
        return io.get(JAVA_INT, RC);
      }
      String error = LuaNative.text(state, -1);
      LuaNative.setTop(state, 0);
      broken = true;
      String cause = stopped;
      of.log(
          cause == null ? Level.ALERT : Level.ERROR,
          cause == null ? "lua dispatch failed: " + error : "lua script stopped: " + cause);
      return BROKEN;
    } finally {
      if (dog != null) {
        disarm();
      }
      if (broken) {
        reset();
      }
      inside = false;
      run = before;
      if (!afterwards.isEmpty()) {
        afterwards();
      }
    }
  }

  /// What is only garbage must not be held against the script that comes next.
  private void makeRoom() {
    long most = program.limits().bytes();
    if (most > 0 && bytesInUse() > most / 2) {
      LuaNative.collect(state);
    }
  }

  /// Lua is as it was before it was entered.
  private void reset() {
    io.set(JAVA_INT, OP, RESET);
    LuaNative.push(state, dispatch);
    if (LuaNative.pcall(state, 0, 0, 0) != 0) {
      LuaNative.setTop(state, 0);
    }
  }

  // ---- scripts that take too long or too much

  private void disarm() {
    synchronized (armed) {
      enteredAt = 0;
      if (armed[0]) {
        armed[0] = false;
        LuaNative.hook(state, 0, 0, 0);
      }
      stopped = null;
    }
  }

  /// Looks after the script that runs, from another thread.
  void watch(LuaLimits limits, long now) {
    synchronized (armed) {
      long since = enteredAt;
      if (since == 0 || closed) {
        return;
      }
      if (armed[0]) { // Lua may have been about to change its mind about hooks just then
        LuaNative.hook(state, hook, LuaNative.MASK_COUNT, 1);
        return;
      }
      String why = null;
      if (limits.nanos() > 0 && now - since > limits.nanos()) {
        why = "it kept the event loop for more than " + limits.nanos() / 1_000_000 + " ms";
      } else if (limits.bytes() > 0 && bytesInUse() > limits.bytes()) {
        why = "Lua had more than " + limits.bytes() + " bytes in use";
      }
      if (why != null) {
        armed[0] = true;
        stopped = why;
        LuaNative.hook(state, hook, LuaNative.MASK_COUNT, 1);
      }
    }
  }

  private void afterwards() {
    if (worker != null) {
      Runnable next;
      while ((next = afterwards.poll()) != null) {
        worker.loop().execute(next);
      }
    }
  }

  /// Does this once Lua has returned, from the top of the loop.
  void later(Runnable task) {
    afterwards.add(task);
  }

  /// Compiles a chunk; returns what is wrong with it, or null.
  @Nullable String load(int chunk, String source, String name, LuaRun of) {
    try (Arena texts = Arena.ofConfined()) {
      input(texts, P, N, source);
      input(texts, Q, M, name);
      io.set(JAVA_INT, CHUNK, chunk);
      return enter(LOAD, of) == DONE ? null : result();
    }
  }

  /// Compiles a file; returns what is wrong with it, or null.
  @Nullable String loadFile(int chunk, String path, LuaRun of) {
    try (Arena texts = Arena.ofConfined()) {
      input(texts, Q, M, path);
      io.set(JAVA_INT, CHUNK, chunk);
      return enter(LOAD_FILE, of) == DONE ? null : result();
    }
  }

  /// Makes a script ready to run; returns its number here, or -1 if it cannot be loaded, with why
  /// in [#result()].
  int ready(LuaChunk chunk, LuaRun of) {
    String source = chunk.source();
    if (source == null) {
      return file(program.path(chunk, of), of);
    }
    if (!loaded.get(chunk.index())) {
      if (load(chunk.index(), source, chunk.name(), of) != null) {
        return -1;
      }
      loaded.set(chunk.index());
    }
    return chunk.index();
  }

  /// True if a script of the configuration can be run at once.
  boolean isReady(LuaChunk chunk) {
    return loaded.get(chunk.index());
  }

  private int file(String path, LuaRun of) {
    Integer known = files.get(path);
    if (known != null) {
      return known;
    }
    if (loadFile(nextFile, path, of) != null) {
      return -1;
    }
    files.put(path, nextFile);
    return nextFile++;
  }

  private void input(Arena arena, long pointer, long length, String text) {
    byte[] raw = text.getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment there = arena.allocate(raw.length + 1L);
    MemorySegment.copy(raw, 0, there, JAVA_BYTE, 0, raw.length);
    io.set(JAVA_LONG, pointer, there.address());
    io.set(JAVA_INT, length, raw.length);
  }

  /// Starts a thread that may wait; returns what it came to.
  int start(LuaRun of, int chunk) {
    io.set(JAVA_INT, CHUNK, chunk);
    int rc = enter(START, of);
    of.thread(io.get(JAVA_INT, THREAD));
    return rc;
  }

  /// Starts a timer's thread.
  int startTimer(LuaRun of, int timer, boolean premature) {
    io.set(JAVA_INT, CHUNK, timer);
    io.set(JAVA_INT, KIND, premature ? 1 : 0);
    int rc = enter(TIMER, of);
    of.thread(io.get(JAVA_INT, THREAD));
    return rc;
  }

  /// The function of a timer that will never run is let go of; returns where it is from.
  @Nullable String forgetTimer(LuaRun of, int timer) {
    io.set(JAVA_INT, CHUNK, timer);
    return enter(FORGET, of) == DONE ? result() : null;
  }

  /// Runs what a request's scripts want done when its client is gone, beside its threads.
  int onAbort(LuaRun of, int thread) {
    io.set(JAVA_INT, THREAD, thread);
    return enter(ON_ABORT, of);
  }

  /// Resumes a thread that waits; its function gets `code`.
  int resume(LuaRun of, int thread, int serial, int code) {
    io.set(JAVA_INT, THREAD, thread);
    io.set(JAVA_INT, SERIAL, serial);
    io.set(JAVA_INT, KIND, code);
    return enter(RESUME, of);
  }

  /// Calls a chunk that may not wait, with as many arguments as its run has.
  int call(LuaRun of, int chunk, int arguments) {
    io.set(JAVA_INT, CHUNK, chunk);
    io.set(JAVA_INT, N, arguments);
    result = null;
    return enter(CALL, of);
  }

  /// Calls the function of a module that `packed` names; false if it failed, with why as the
  /// result.
  boolean work(LuaRun of, byte[] packed) {
    try (Arena texts = Arena.ofConfined()) {
      MemorySegment there = texts.allocate(packed.length + 1L);
      MemorySegment.copy(packed, 0, there, JAVA_BYTE, 0, packed.length);
      io.set(JAVA_LONG, P, there.address());
      io.set(JAVA_INT, N, packed.length);
      result = null;
      return enter(WORK, of) == DONE;
    }
  }

  /// Gives a thread up, and those that it has spawned.
  void kill(LuaRun of, int thread) {
    io.set(JAVA_INT, THREAD, thread);
    enter(KILL, of);
  }

  /// Lets go of what the scripts keep for a run.
  void free(LuaRun of) {
    enter(FREE, of);
  }

  // ---- timers, and threads that wait for other threads

  LuaTimers timers() {
    return timers;
  }

  void park(int key, LuaWait wait) {
    parked.put(key, wait);
  }

  @Nullable LuaWait unpark(int key) {
    return parked.remove(key);
  }

  int lastSerial() {
    return serial;
  }

  int newRun() {
    nextRun = nextRun == Integer.MAX_VALUE ? 1 : nextRun + 1;
    return nextRun;
  }

  // ---- its life

  /// One more request, timer or other run uses it.
  void enterUse() {
    users++;
  }

  /// A run is over.
  void leaveUse() {
    users--;
    closeIfDone();
  }

  /// Its configuration has been replaced: closed as soon as nothing uses it.
  void leave() {
    if (!ending) {
      announceEnd();
    }
    leaving = true;
    closeIfDone();
  }

  /// Another configuration has taken effect, or the process ends: timers run before their time.
  void announceEnd() {
    ending = true;
    timers.expireAll();
  }

  boolean isEnding() {
    return ending;
  }

  /// True once its configuration has been replaced, or the process ends.
  public boolean isLeaving() {
    return leaving;
  }

  private void closeIfDone() {
    if (leaving && users == 0 && !closed) {
      if (inside) {
        later(this::closeIfDone);
      } else {
        program.leftLoop(this);
        close();
      }
    }
  }

  /// Closes it, whatever is still under way in it.
  void close() {
    if (closed) {
      return;
    }
    if (program.log().isEnabled(Level.DEBUG)) {
      program.log().log(Level.DEBUG, "lua close the global Lua VM " + number);
    }
    synchronized (armed) { // the watchdog looks at no state that is gone
      closed = true;
      sockets.close();
    }
    LuaWatchdog dog = program.watchdog();
    if (dog != null) {
      dog.forget(this);
    }
    parked.clear();
    if (state != 0) {
      LuaNative.close(state);
    }
    synchronized (NUMBERED) {
      NUMBERED[number] = null;
    }
    OPEN.decrementAndGet();
    arena.close();
  }

  boolean isClosed() {
    return closed;
  }

  /// Bytes that Lua has in use.
  long bytesInUse() {
    return LuaNative.kilobytes(state) * 1024L;
  }

  /// Collects all garbage.
  void collect() {
    LuaNative.collect(state);
  }

  // ---- what functions that Lua calls use

  /// The sockets of its scripts for datagrams.
  Numbered<LuaDatagrams> datagrams() {
    return datagrams;
  }

  /// Reads JSON.
  JsonDecoder json() {
    return json;
  }

  /// The sockets of its scripts.
  LuaSockets sockets() {
    return sockets;
  }

  /// The regular expressions of its scripts.
  LuaRegexes regexes() {
    return regexes;
  }

  /// Where look-ups in dictionaries put what they find.
  SharedDict.Found found() {
    return found;
  }

  /// Whose script runs.
  public LuaRun run() {
    LuaRun present = run;
    if (present == null) {
      throw new IllegalStateException("no script runs");
    }
    return present;
  }

  /// The thread that runs is going to wait; the function must then return [#AGAIN].
  public LuaWait suspend() {
    serial = serial == Integer.MAX_VALUE ? 1 : serial + 1;
    io.set(JAVA_INT, SERIAL, serial);
    LuaWait wait = new LuaWait(this, run(), io.get(JAVA_INT, THREAD), serial);
    run().waits(wait);
    return wait;
  }

  /// The text of `length` bytes at `address`; chars are bytes.
  public String text(long address, int length) {
    byte[] into = bytes;
    if (into.length < length) {
      into = new byte[Math.max(length, Math.min(length * 2, 1 << 16))];
      if (into.length <= 1 << 16) {
        bytes = into;
      }
    }
    MemorySegment.copy(LuaNative.memory(), JAVA_BYTE, address, into, 0, length);
    return new String(into, 0, length, StandardCharsets.ISO_8859_1);
  }

  /// An array that begins with the `length` bytes at `address`: of this VM, valid until the next
  /// text is read.
  byte[] borrow(long address, int length) {
    if (bytes.length < length) {
      bytes = new byte[Math.max(length, bytes.length * 2)];
    }
    MemorySegment.copy(LuaNative.memory(), JAVA_BYTE, address, bytes, 0, length);
    return bytes;
  }

  /// The `length` bytes at `address`.
  public byte[] bytes(long address, int length) {
    byte[] copy = new byte[length];
    MemorySegment.copy(LuaNative.memory(), JAVA_BYTE, address, copy, 0, length);
    return copy;
  }

  /// Appends the `length` bytes at `address` to a buffer.
  void copy(long address, int length, ByteBuf to) {
    if (length <= bytes.length) {
      MemorySegment.copy(LuaNative.memory(), JAVA_BYTE, address, bytes, 0, length);
      to.writeBytes(bytes, 0, length);
    } else {
      to.ensureWritable(length);
      int at = to.writerIndex();
      MemorySegment.ofBuffer(to.nioBuffer(at, length))
          .copyFrom(LuaNative.memory().asSlice(address, length));
      to.writerIndex(at + length);
    }
  }

  /// Gives a text, whose chars are bytes, to Lua. Returns [#OK].
  public int answer(String text) {
    int length = text.length();
    MemorySegment to = scratch(length + 1);
    to.setString(0, text, StandardCharsets.ISO_8859_1);
    given(to, length);
    return OK;
  }

  /// Gives bytes to Lua. Returns [#OK].
  public int answer(byte[] text) {
    return answer(text, 0, text.length);
  }

  /// Gives some bytes to Lua. Returns [#OK].
  public int answer(byte[] text, int start, int length) {
    MemorySegment to = scratch(length);
    MemorySegment.copy(text, start, to, JAVA_BYTE, 0, length);
    given(to, length);
    return OK;
  }

  /// Gives a text to Lua, or says that there is none: [#OK] or [#NONE].
  public int answerOrNone(@Nullable String text) {
    return text == null ? NONE : answer(text);
  }

  /// Gives a text for nil and that text: returns [#REFUSED].
  public int refuse(String why) {
    answer(why);
    return REFUSED;
  }

  /// Gives a number to Lua. Returns [#OK].
  public int answer(double number) {
    io.set(JAVA_DOUBLE, NUMBER, number);
    return OK;
  }

  /// Gives byte strings as an array. Returns [#OK].
  int answerAll(List<byte[]> texts) {
    int size = 0;
    for (byte[] text : texts) {
      size += 4 + text.length;
    }
    MemorySegment to = scratch(size + 1);
    int at = 0;
    for (byte[] text : texts) {
      to.set(JAVA_INT.withByteAlignment(1), at, text.length);
      MemorySegment.copy(text, 0, to, JAVA_BYTE, at + 4L, text.length);
      at += 4 + text.length;
    }
    given(to, size);
    return OK;
  }

  /// Gives `count` ints as they lie in memory. Returns [#OK].
  int answer(int[] numbers, int count) {
    MemorySegment to = scratch(count * Integer.BYTES);
    MemorySegment.copy(numbers, 0, to, JAVA_INT, 0, count);
    given(to, count);
    return OK;
  }

  /// Gives a small number beside another result, as `m`.
  public void also(int number) {
    io.set(JAVA_INT, M, number);
  }

  /// Gives texts as an array, with `false` for those that are null. Returns [#OK].
  public int answer(List<@Nullable String> texts) {
    int size = 0;
    for (String text : texts) {
      size += 4 + (text == null ? 0 : text.length());
    }
    MemorySegment to = scratch(size + 1);
    lists = 0;
    for (String text : texts) {
      to.set(JAVA_INT.withByteAlignment(1), lists, text == null ? -1 : text.length());
      lists += 4;
      if (text != null) {
        to.setString(lists, text, StandardCharsets.ISO_8859_1);
        lists += text.length();
      }
    }
    given(to, size);
    return OK;
  }

  private void given(MemorySegment at, int length) {
    io.set(JAVA_LONG, P, at.address());
    io.set(JAVA_INT, N, length);
  }

  /// Native memory for a result of `size` bytes, valid until the next result.
  private MemorySegment scratch(int size) {
    MemorySegment there = scratch;
    if (there.byteSize() < size) {
      there = arena.allocate(Math.max(size, 2 * there.byteSize()), 8);
      scratch = there;
    }
    return there;
  }

  void result(@Nullable String text) {
    result = text;
  }

  /// What a call gave, or why it failed; null for nil.
  @Nullable String result() {
    return result;
  }

  /// A function threw: Lua raises it as an error.
  static int threw(Throwable thrown, int number) {
    LuaVm vm = numbered(number);
    try {
      String text = thrown instanceof LuaError ? thrown.getMessage() : thrown.toString();
      vm.answer(text == null ? "error" : text);
    } catch (Throwable _) {
      vm.given(vm.scratch, 0); // there is no memory, or no stack, to say it
    }
    return THREW;
  }

  static double threwNumber(Throwable thrown, int number) {
    threw(thrown, number);
    return Double.NaN;
  }
}
