package dev.turnout.lua;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// The functions of Java that Lua calls, as addresses of C functions. Made once for the process.
///
/// A function is a static method whose first parameter is the {@link LuaVm} that calls; to Lua it
/// is an `int`, the VM's number. Then come `int`, `double` and, for pointers, `long`. It returns an
/// `int` whose meaning is between it and its script, except that [LuaVm#THREW] is for what it
/// throws: nothing thrown ever passes into Lua.
///
/// What pointers point to is only valid during the call. A function never calls Lua, nor anything
/// that might.
public final class LuaFunctions {
  private static final MethodHandle VM_OF;
  private static final MethodHandle INT_FAILED;
  private static final MethodHandle DOUBLE_FAILED;

  static {
    try {
      MethodHandles.Lookup mine = MethodHandles.lookup();
      VM_OF =
          mine.findStatic(LuaVm.class, "numbered", MethodType.methodType(LuaVm.class, int.class));
      INT_FAILED =
          mine.findStatic(
              LuaVm.class, "threw", MethodType.methodType(int.class, Throwable.class, int.class));
      DOUBLE_FAILED =
          mine.findStatic(
              LuaVm.class,
              "threwNumber",
              MethodType.methodType(double.class, Throwable.class, int.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Map<String, String> casts = new HashMap<>();

  LuaFunctions() {}

  /// Announces the static method `name` of the class that `lookup` is of.
  ///
  /// @param signature as in C, where the first parameter is the VM: `int(int, const char *, int)`
  /// @throws IllegalStateException if there is no such method, which is a bug
  @SuppressWarnings("restricted") // natives are what this is for
  public void add(MethodHandles.Lookup lookup, String name, String signature) {
    int open = signature.indexOf('(');
    String[] parameters = signature.substring(open + 1, signature.lastIndexOf(')')).split(",", -1);
    Class<?> result = type(signature.substring(0, open));
    Class<?>[] types = new Class<?>[parameters.length];
    MemoryLayout[] layouts = new MemoryLayout[parameters.length];
    for (int i = 0; i < parameters.length; i++) {
      types[i] = type(parameters[i]);
      layouts[i] = layout(types[i]);
    }
    MethodType seenByLua = MethodType.methodType(result, types);
    MethodHandle safe;
    try {
      MethodHandle method =
          lookup.findStatic(
              lookup.lookupClass(), camel(name), seenByLua.changeParameterType(0, LuaVm.class));
      safe =
          MethodHandles.catchException(
              MethodHandles.filterArguments(method, 0, VM_OF),
              Throwable.class,
              result == double.class ? DOUBLE_FAILED : INT_FAILED);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no function " + name + " for Lua", e);
    }
    MemorySegment stub =
        Linker.nativeLinker()
            .upcallStub(safe, FunctionDescriptor.of(layout(result), layouts), Arena.global());
    String pointer = signature.substring(0, open) + "(*)" + signature.substring(open);
    String cast = "ffi.cast('" + pointer + "',ffi.cast('void*'," + stub.address() + "ULL))";
    if (casts.put(name, cast) != null) {
      throw new IllegalStateException("function " + name + " is announced twice");
    }
  }

  /// The same with the private lookup of the caller for several functions at once: pairs of names
  /// and signatures.
  public void addAll(MethodHandles.Lookup lookup, String... namesAndSignatures) {
    for (int i = 0; i < namesAndSignatures.length; i += 2) {
      add(lookup, namesAndSignatures[i], namesAndSignatures[i + 1]);
    }
  }

  /// A Lua table with all of them by name.
  String table() {
    StringBuilder out = new StringBuilder("{");
    casts.forEach((name, cast) -> out.append(name).append('=').append(cast).append(','));
    return out.append('}').toString();
  }

  /// `var_get` to `varGet`.
  private static String camel(String name) {
    StringBuilder out = new StringBuilder();
    for (String word : name.split("_", -1)) {
      out.append(
          out.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return out.toString();
  }

  private static Class<?> type(String c) {
    if (c.contains("*")) {
      return long.class;
    }
    String word = c.strip().split(" ", -1)[0];
    return switch (word) {
      case "int", "int32_t" -> int.class;
      case "double" -> double.class;
      default -> throw new IllegalStateException("no parameter of a function for Lua: " + c);
    };
  }

  private static MemoryLayout layout(Class<?> type) {
    return type == int.class ? JAVA_INT : type == double.class ? JAVA_DOUBLE : JAVA_LONG;
  }
}
