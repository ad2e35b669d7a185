package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import dev.turnout.http.RequestHead;
import dev.turnout.http.Response;
import dev.turnout.http.Subrequest;
import dev.turnout.http.Variables;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The requests of one call of `ngx.location.capture` or `capture_multi`, and their answers.
/// Confined to its loop.
final class LuaCapture {
  static final int SHARE_VARIABLES = 1;
  static final int COPY_VARIABLES = 2;
  static final int FORWARD_BODY = 4;
  static final int OWN_CONTEXT = 8;

  private final LuaRun run;
  private final List<One> all = new ArrayList<>(1);
  private @Nullable LuaWait wait;
  private int left;

  LuaCapture(LuaRun run) {
    this.run = run;
  }

  /// One request.
  final class One implements Subrequest.Receiver {
    private final String path;
    private final String method;
    private final int flags;
    private final int context;
    private final List<String> variables = new ArrayList<>(0);
    private final List<String> fields = new ArrayList<>(0);
    private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
    private @Nullable String args;
    private byte @Nullable [] body;
    private int status;
    private boolean truncated;
    private List<@Nullable String> head = List.of();

    One(String path, @Nullable String args, String method, int flags, int context) {
      this.path = path;
      this.args = args;
      this.method = method;
      this.flags = flags;
      this.context = context;
    }

    void args(String more) {
      String own = args;
      args = own == null || own.isEmpty() ? more : more.isEmpty() ? own : own + "&" + more;
    }

    void body(byte[] bytes) {
      body = bytes;
    }

    void variable(String name, String value) {
      variables.add(name);
      variables.add(value);
    }

    void field(String name, String value) {
      fields.add(name);
      fields.add(value);
    }

    private boolean start(Exchange parent) {
      if (run.isLogged(Level.DEBUG)) {
        String shown = args == null ? "" : args;
        run.log(Level.DEBUG, "lua http subrequest \"" + path + "?" + shown + "\"");
      }
      Subrequest subrequest = parent.subrequest(path, args).method(method).inMemory();
      if ((flags & SHARE_VARIABLES) == 0) {
        subrequest.ownVariables();
      }
      byte[] own = body;
      boolean forwards =
          (flags & FORWARD_BODY) != 0 || method.equals("POST") || method.equals("PUT");
      if (own != null) {
        subrequest.body(own);
      } else if (forwards) {
        subrequest.withBody();
      }
      return subrequest
          .prepared(made -> prepare(parent, made, own == null && !forwards))
          .start(this);
    }

    private void prepare(Exchange parent, Exchange made, boolean hasNoBody) {
      if ((flags & COPY_VARIABLES) != 0) {
        made.copyStored(parent);
      }
      Variables known = run.vm().program().http().variables();
      for (int i = 0; i < variables.size(); i += 2) {
        Variables.Setter setter = known.setter(variables.get(i));
        if (setter != null) {
          setter.set(made, variables.get(i + 1));
        }
      }
      if (hasNoBody && made.request().contentLength() > 0) {
        RequestHead head = made.changeRequest();
        head.removeField("Content-Length");
        head.contentLength(RequestHead.NO_LENGTH);
      }
      if (!fields.isEmpty()) {
        RequestHead head = made.changeRequest();
        for (int i = 0; i < fields.size(); i += 2) {
          head.removeField(fields.get(i));
        }
        for (int i = 0; i < fields.size(); i += 2) {
          head.addField(fields.get(i), fields.get(i + 1));
        }
      }
      if ((flags & OWN_CONTEXT) != 0) {
        run.vm().program().adopt(made, run.vm(), context);
      }
    }

    @Override
    public void data(Exchange subrequest, ByteBuf part) {
      try {
        part.readBytes(answer, part.readableBytes());
      } catch (IOException e) {
        throw new IllegalStateException(e); // memory does not fail
      } finally {
        part.release();
      }
    }

    @Override
    public void file(Exchange subrequest, FilePart part) {
      part.close();
      throw new IllegalStateException("a file where bytes are wanted");
    }

    @Override
    public void ended(Exchange subrequest, boolean whole) {
      Response response = subrequest.response();
      status = response.status() > 0 ? response.status() : whole ? 200 : 500;
      truncated = !whole;
      head = ResponseCalls.lines(response);
      oneLess();
    }

    @Override
    public void cancelled() {
      // the script is over, too
    }
  }

  void add(One one) {
    all.add(one);
  }

  One last() {
    return all.getLast();
  }

  One get(int i) {
    return Objects.requireNonNull(all.get(i));
  }

  int status(int i) {
    return get(i).status;
  }

  boolean isTruncated(int i) {
    return get(i).truncated;
  }

  List<@Nullable String> head(int i) {
    return get(i).head;
  }

  byte[] text(int i) {
    return get(i).answer.toByteArray();
  }

  /// Starts all of them; the script goes on when the last is over.
  void start(LuaWait script) {
    wait = script;
    left = all.size();
    Exchange parent = run.requireExchange();
    for (One one : all) {
      if (!one.start(parent)) {
        one.status = 500;
        oneLess();
      }
    }
  }

  private void oneLess() {
    LuaWait script = wait;
    if (--left == 0 && script != null) {
      script.resume(LuaVm.OK, vm -> vm.also(run.captured(this)));
    }
  }
}
