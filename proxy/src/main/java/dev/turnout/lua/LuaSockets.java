package dev.turnout.lua;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The sockets of the scripts of one VM, by number, and their pools. Owned by the VM.
final class LuaSockets {
  private final Numbered<LuaStream> open = new Numbered<>();
  private final Map<String, CosocketPool> pools = new HashMap<>();

  /// Gives a socket a number for as long as the script that uses it runs.
  int add(LuaStream socket, LuaRun run) {
    int number = open.add(socket);
    run.onEnd(() -> forget(number, socket));
    return number;
  }

  @SuppressWarnings("ReferenceEquality") // another may have its number by now
  private void forget(int number, LuaStream socket) {
    if (open.get(number) == socket) {
      open.remove(number);
    }
  }

  /// It is in nobody's hands any more.
  void remove(int number) {
    LuaStream socket = open.get(number);
    if (socket != null) {
      forget(number, socket);
    }
  }

  @Nullable LuaStream get(int number) {
    return open.get(number);
  }

  CosocketPool pool(String key) {
    return pools.computeIfAbsent(key, _ -> new CosocketPool());
  }

  void close() {
    pools.values().forEach(CosocketPool::close);
  }
}
