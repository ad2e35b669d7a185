package dev.turnout.http.access;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// crypt_r(3) of the system's libcrypt, where it is installed: what the forms of passwords are that
/// only the system knows.
final class Crypt {
  /// More than any library's `struct crypt_data`.
  private static final long DATA = 256 * 1024;

  private static final long LONGEST = 1024;

  /// Looked for once, when the first password asks for it.
  private static final class Library {
    private static final @Nullable MethodHandle CRYPT = find();

    // The three pointers are those of the function's documented signature.
    @SuppressWarnings("restricted")
    private static @Nullable MethodHandle find() {
      for (String name : new String[] {"libcrypt.so.2", "libcrypt.so.1", "libcrypt.so"}) {
        try {
          MemorySegment function =
              SymbolLookup.libraryLookup(name, Arena.global()).findOrThrow("crypt_r");
          return Linker.nativeLinker()
              .downcallHandle(
                  function,
                  FunctionDescriptor.of(
                      ValueLayout.ADDRESS,
                      ValueLayout.ADDRESS,
                      ValueLayout.ADDRESS,
                      ValueLayout.ADDRESS));
        } catch (IllegalArgumentException | java.util.NoSuchElementException _) {
          // not under this name
        }
      }
      return null;
    }
  }

  private Crypt() {}

  /// What becomes of `password` under the method and salt of `stored`; null if the system knows no
  /// such method. Takes its time, as it should.
  @SuppressWarnings("restricted") // the string that is returned has its length by its end
  static @Nullable String hash(String password, String stored) {
    MethodHandle crypt = Library.CRYPT;
    if (crypt == null || stored.isEmpty() || password.indexOf('\0') >= 0) {
      return null;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocateFrom(password, StandardCharsets.ISO_8859_1);
      MemorySegment setting = arena.allocateFrom(stored, StandardCharsets.ISO_8859_1);
      MemorySegment data = arena.allocate(DATA, 16);
      MemorySegment made = (MemorySegment) crypt.invokeExact(key, setting, data);
      if (made.equals(MemorySegment.NULL)) {
        return null;
      }
      String text = made.reinterpret(LONGEST).getString(0, StandardCharsets.ISO_8859_1);
      return text.startsWith("*") ? null : text;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e); // a C function throws nothing
    }
  }
}
