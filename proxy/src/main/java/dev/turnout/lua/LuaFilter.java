package dev.turnout.lua;

import dev.turnout.config.Scope;
import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.Status;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// `header_filter_by_lua` and `body_filter_by_lua` of one location.
final class LuaFilter implements ResponseFilter {
  private final LuaProgram program;
  private final @Nullable LuaChunk head;
  private final @Nullable LuaChunk body;

  private LuaFilter(LuaProgram program, @Nullable LuaChunk head, @Nullable LuaChunk body) {
    this.program = program;
    this.head = head;
    this.body = body;
  }

  static @Nullable LuaFilter make(@Nullable LuaProgram program, Scope scope) {
    LuaChunk head = LuaModule.chunk(scope, LuaPhase.HEADER_FILTER);
    LuaChunk body = LuaModule.chunk(scope, LuaPhase.BODY_FILTER);
    if (program == null || (head == null && body == null)) {
      return null;
    }
    return new LuaFilter(program, head, body);
  }

  @Override
  public void head(Exchange exchange, Response response) {
    LuaChunk script = head;
    if (script != null && !program.run(exchange).takeHeadFiltered(response)) {
      LuaRun run = program.run(exchange);
      int before = run.filterExit();
      if (!program.call(run, script, 0)) {
        response.refuse(Status.CLOSE); // as nginx: nothing is sent
      } else if (run.takeExit() && run.exitCode() >= 200 && run.exitCode() != before) {
        run.filterExit(run.exitCode()); // it will see the answer that stands in, and say so again
        response.refuse(run.exitCode());
      }
    }
    LuaChunk parts = body;
    if (parts != null) {
      exchange.filterBody(new Body(exchange, parts));
    }
  }

  /// Lets a script see each part of a body.
  private final class Body extends BodyFilter {
    private final LuaChunk script;
    private boolean ended;

    Body(Exchange exchange, LuaChunk script) {
      super(exchange);
      this.script = script;
    }

    @Override
    public void writeBody(Exchange exchange, ByteBuf part, boolean last) {
      if (ended) {
        part.release();
        return;
      }
      String text;
      try {
        text = part.toString(StandardCharsets.ISO_8859_1);
      } finally {
        part.release();
      }
      filtered(exchange, text, last);
    }

    @Override
    public void writeEnd(Exchange exchange) {
      if (!ended) {
        filtered(exchange, "", true);
      }
    }

    private void filtered(Exchange exchange, String text, boolean last) {
      LuaRun run = program.run(exchange);
      run.filter(text, last);
      if (!program.call(run, script, 0)) {
        ended = true;
        exchange.downstream().abort(exchange);
        return;
      }
      String out = run.filtered();
      boolean end = run.isFilteredLast();
      ended |= end;
      if (!out.isEmpty()) {
        ByteBuf bytes = buffer(out.length());
        bytes.writeBytes(out.getBytes(StandardCharsets.ISO_8859_1));
        next().writeBody(exchange, bytes, end);
      } else if (end) {
        next().writeEnd(exchange);
      }
      if (last && !end) {
        next().flush();
        exchange.downstream().abort(exchange); // the script does not let it end well
      }
    }
  }
}
