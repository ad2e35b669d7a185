package dev.turnout.lua;

import java.util.List;

/// All parts of what scripts can call, in the order in which their scripts run.
final class LuaParts {
  private static final List<LuaPart> ALL =
      List.of(
          new LogCalls(), // the table ngx, its constants, and the log: what the others use
          new TextCalls(),
          new TimeCalls(),
          new VariableCalls(),
          new RequestCalls(),
          new ResponseCalls(),
          new ControlCalls(),
          new ThreadCalls(),
          new CaptureCalls(),
          new BalancerCalls(),
          new SharedDictCalls(),
          new RegexCalls(),
          new SocketCalls(),
          new DatagramCalls(),
          new JsonCalls(),
          new UpstreamCalls(),
          new RestyCalls(), // names the modules of all those before it
          new NdkPart());

  private LuaParts() {}

  private static final class Functions {
    private static final String TABLE = table();

    private static String table() {
      LuaFunctions functions = new LuaFunctions();
      ALL.forEach(part -> part.functions(functions));
      return functions.table();
    }
  }

  static List<LuaPart> all() {
    return ALL;
  }

  /// A Lua table of all functions. The first call makes them, which takes a while.
  static String functions() {
    return Functions.TABLE;
  }
}
