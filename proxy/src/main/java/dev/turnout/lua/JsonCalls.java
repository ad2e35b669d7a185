package dev.turnout.lua;

import dev.turnout.lua.json.JsonDecoder;
import java.lang.invoke.MethodHandles;

/// `cjson` and `cjson.safe`: texts to values in Java, values to texts in Lua.
final class JsonCalls implements LuaPart {
  @Override
  public String script() {
    return "cjson.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.add(
        MethodHandles.lookup(), "json_decode", "int(int, const char *, int, int, int, int)");
  }

  static int jsonDecode(
      LuaVm vm, long text, int length, int deepest, int strictNumbers, int arraysMarked) {
    JsonDecoder decoder = vm.json();
    try {
      decoder.decode(
          vm.borrow(text, length), length, deepest, strictNumbers != 0, arraysMarked != 0);
    } catch (JsonDecoder.Malformed e) {
      return vm.refuse(String.valueOf(e.getMessage()));
    }
    return vm.answer(decoder.result(), 0, decoder.length());
  }
}
