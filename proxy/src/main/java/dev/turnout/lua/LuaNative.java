package dev.turnout.lua;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The few functions of Lua's C API that Java calls. None of them is called while Lua runs, and
/// none outside a protected call may raise an error: a `longjmp` must never pass a Java frame.
@SuppressWarnings("restricted") // natives are what this is for
final class LuaNative {
  /// The index of the registry.
  static final int REGISTRY = -10000;

  /// A hook for every `count` instructions.
  static final int MASK_COUNT = 8;

  private static final int GC_STOP = 0;
  private static final int GC_COLLECT = 2;
  private static final int GC_COUNT = 3;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final MethodHandle NEW_STATE = function("luaL_newstate", JAVA_LONG);
  private static final MethodHandle OPEN_LIBS = procedure("luaL_openlibs", JAVA_LONG);
  private static final MethodHandle CLOSE = procedure("lua_close", JAVA_LONG);
  private static final MethodHandle PCALL =
      function("lua_pcall", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle LOAD =
      function("luaL_loadbuffer", JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle TO_STRING =
      function("lua_tolstring", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS);
  private static final MethodHandle TYPE = function("lua_type", JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SET_TOP = quick("lua_settop", JAVA_LONG, JAVA_INT);
  private static final MethodHandle RAW_GET = quick("lua_rawgeti", JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle REF = function("luaL_ref", JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle PUSH_POINTER =
      procedure("lua_pushlightuserdata", JAVA_LONG, JAVA_LONG);
  private static final MethodHandle GC =
      function("lua_gc", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle SET_HOOK =
      function("lua_sethook", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle GET_HOOK = function("lua_gethook", JAVA_LONG, JAVA_LONG);

  private LuaNative() {}

  private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... args) {
    return LINKER.downcallHandle(address(name), FunctionDescriptor.of(result, args));
  }

  private static MethodHandle procedure(String name, MemoryLayout... args) {
    return LINKER.downcallHandle(address(name), FunctionDescriptor.ofVoid(args));
  }

  /// For what neither allocates nor runs anything: the collector of Java waits for it.
  private static MethodHandle quick(String name, MemoryLayout... args) {
    return LINKER.downcallHandle(
        address(name), FunctionDescriptor.ofVoid(args), Linker.Option.critical(false));
  }

  private static MemorySegment address(String name) {
    return LuaLibrary.symbols()
        .find(name)
        .orElseThrow(() -> new IllegalStateException("LuaJIT has no function " + name));
  }

  private static RuntimeException failure(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException known ? known : new IllegalStateException(thrown);
  }

  /// All memory of the process, by address.
  static MemorySegment memory() {
    return MEMORY;
  }

  /// A new Lua state with the standard libraries.
  static long newState() {
    try {
      long state = (long) NEW_STATE.invokeExact();
      if (state == 0) {
        throw new OutOfMemoryError("no memory for a Lua state");
      }
      OPEN_LIBS.invokeExact(state);
      return state;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static void close(long state) {
    try {
      CLOSE.invokeExact(state);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Compiles a chunk and leaves it on the stack; returns what is wrong with it, or null.
  static @Nullable String load(long state, String source, String name) {
    byte[] bytes = source.getBytes(StandardCharsets.ISO_8859_1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(bytes.length + 1L);
      MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
      MemorySegment chunk = arena.allocateFrom(name, StandardCharsets.ISO_8859_1);
      if ((int) LOAD.invokeExact(state, text, (long) bytes.length, chunk) == 0) {
        return null;
      }
      String error = text(state, -1);
      setTop(state, -2);
      return error;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static int pcall(long state, int arguments, int results, int handler) {
    try {
      return (int) PCALL.invokeExact(state, arguments, results, handler);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// The string at `index`, or how its type is called.
  static String text(long state, int index) {
    try (Arena arena = Arena.ofConfined()) {
      int type = (int) TYPE.invokeExact(state, index);
      if (type != 4) {
        return "(error object of type " + type + ")";
      }
      MemorySegment length = arena.allocate(JAVA_LONG);
      long start = (long) TO_STRING.invokeExact(state, index, length);
      byte[] bytes = new byte[(int) Math.min(length.get(JAVA_LONG, 0), 1 << 20)];
      MemorySegment.copy(MEMORY, JAVA_BYTE, start, bytes, 0, bytes.length);
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static void setTop(long state, int top) {
    try {
      SET_TOP.invokeExact(state, top);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Pushes what the registry holds under `key`.
  static void push(long state, int key) {
    try {
      RAW_GET.invokeExact(state, REGISTRY, key);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Pushes the null pointer, which is a value of its own in Lua.
  static void pushNull(long state) {
    try {
      PUSH_POINTER.invokeExact(state, 0L);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Keeps what is on top of the stack in the registry; returns its key there.
  static int keep(long state) {
    try {
      return (int) REF.invokeExact(state, REGISTRY);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Kilobytes that the state has in use. Any thread may ask.
  static int kilobytes(long state) {
    try {
      return (int) GC.invokeExact(state, GC_COUNT, 0);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Collects all garbage; finalizers run.
  static void collect(long state) {
    try {
      int _ = (int) GC.invokeExact(state, GC_COLLECT, 0);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Collects no more, as before the end.
  static void stopCollecting(long state) {
    try {
      int _ = (int) GC.invokeExact(state, GC_STOP, 0);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /// Has `hook` called every `count` instructions; never if `mask` is 0. Any thread may ask for it.
  static void hook(long state, long hook, int mask, int count) {
    try {
      int _ = (int) SET_HOOK.invokeExact(state, hook, mask, count);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static long hook(long state) {
    try {
      return (long) GET_HOOK.invokeExact(state);
    } catch (Throwable e) {
      throw failure(e);
    }
  }
}
