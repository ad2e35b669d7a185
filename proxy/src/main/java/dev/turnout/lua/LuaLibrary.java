package dev.turnout.lua;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The native LuaJIT: the file that the property `turnout.luajit` names, else the one that comes
/// with the program for this platform, else the system's. Loaded when it is first asked for, which
/// only a configuration with Lua in it does.
final class LuaLibrary {
  private static final String PROPERTY = "turnout.luajit";
  private static final int NOW_AND_FOR_ALL = 0x102; // RTLD_NOW | RTLD_GLOBAL, on Linux

  private LuaLibrary() {}

  private static final class Loaded {
    private static final List<String> TROUBLE = new ArrayList<>();
    private static final @Nullable SymbolLookup SYMBOLS = load(TROUBLE);
  }

  /// Why there is no LuaJIT here; null if there is one.
  static @Nullable String trouble() {
    return Loaded.SYMBOLS == null ? String.join("; ", Loaded.TROUBLE) : null;
  }

  /// The functions of the library.
  static SymbolLookup symbols() {
    SymbolLookup symbols = Loaded.SYMBOLS;
    if (symbols == null) {
      throw new IllegalStateException("LuaJIT is not available: " + trouble());
    }
    return symbols;
  }

  private static @Nullable SymbolLookup load(List<String> trouble) {
    String named = System.getProperty(PROPERTY);
    if (named != null) {
      return open(named, trouble);
    }
    SymbolLookup bundled = bundled(trouble);
    return bundled == null ? open("libluajit-5.1.so.2", trouble) : bundled;
  }

  private static @Nullable SymbolLookup bundled(List<String> trouble) {
    String name = bundledName();
    if (name == null) {
      trouble.add(
          "none comes with the program for "
              + System.getProperty("os.name")
              + " on "
              + System.getProperty("os.arch"));
      return null;
    }
    try (InputStream in = LuaLibrary.class.getResourceAsStream("/" + name)) {
      if (in == null) {
        trouble.add("the program lacks its " + name);
        return null;
      }
      Path file = Files.createTempFile("turnout-", "-" + name);
      try {
        Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        return open(file.toString(), trouble);
      } finally {
        Files.deleteIfExists(file); // what is mapped stays
      }
    } catch (IOException e) {
      trouble.add("cannot unpack " + name + ": " + e.getMessage());
      return null;
    }
  }

  private static @Nullable String bundledName() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String machine =
        switch (System.getProperty("os.arch", "")) {
          case "amd64", "x86_64" -> "64";
          case "aarch64" -> "arm64";
          default -> "";
        };
    if (machine.isEmpty()) {
      return null;
    }
    if (os.startsWith("linux")) {
      return "libluajit" + machine + ".so";
    }
    return os.startsWith("mac") ? "libluajit" + machine + ".dylib" : null;
  }

  /// Opens it for all, where that can be said, so that Lua modules in C find its functions.
  @SuppressWarnings("restricted") // natives are what this is for
  private static @Nullable SymbolLookup open(String file, List<String> trouble) {
    try {
      Linker linker = Linker.nativeLinker();
      MemorySegment dlopen = linker.defaultLookup().find("dlopen").orElse(null);
      if (dlopen != null && System.getProperty("os.name", "").startsWith("Linux")) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment _ =
              (MemorySegment)
                  linker
                      .downcallHandle(dlopen, FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT))
                      .invokeExact(arena.allocateFrom(file), NOW_AND_FOR_ALL);
        }
      }
      return file.indexOf('/') < 0
          ? SymbolLookup.libraryLookup(file, Arena.global())
          : SymbolLookup.libraryLookup(Path.of(file), Arena.global());
    } catch (Throwable e) { // a library of another C library, or no right to call natives
      trouble.add(file + ": " + e.getMessage());
      return null;
    }
  }
}
