package dev.turnout.lua;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The sockets of the scripts of one VM, by number, and their pools. Owned by the VM.
final class LuaSockets {
  private final Numbered<LuaStream> open = new Numbered<>();
  private final Map<String, CosocketPool> pools = new HashMap<>();
  private final LuaProgram program;

  LuaSockets(LuaProgram program) {
    this.program = program;
  }

  /// Gives a socket a number for as long as the script that uses it runs, or has it.
  int add(LuaStream socket, LuaRun run, boolean logErrors) {
    int number = open.add(socket);
    socket.use(run, logErrors, () -> forget(number, socket));
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
      socket.leave();
    }
  }

  @Nullable LuaStream get(int number) {
    return open.get(number);
  }

  CosocketPool pool(String key) {
    return pools.computeIfAbsent(key, k -> new CosocketPool(this, k));
  }

  /// The last connection of a pool is over.
  void free(String key, CosocketPool pool) {
    if (pools.remove(key, pool)) {
      debug(() -> "lua tcp socket keepalive: free connection pool for \"" + key + '"');
    }
  }

  /// Tells those who look closely.
  void debug(Supplier<String> message) {
    ErrorLog log = program.log();
    if (log.isEnabled(Level.DEBUG)) {
      log.log(Level.DEBUG, message.get());
    }
  }

  void close() {
    List.copyOf(pools.values()).forEach(CosocketPool::close);
  }
}
