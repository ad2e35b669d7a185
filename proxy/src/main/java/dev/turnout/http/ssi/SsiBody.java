package dev.turnout.http.ssi;

import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.Subrequest;
import dev.turnout.http.UriEscape;
import dev.turnout.http.UriPath;
import dev.turnout.http.Variables;
import dev.turnout.http.ssi.SsiParser.Parameter;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Carries out the commands in the body of one response while it is passed on. What it has not
/// looked at yet waits while a command waits for its subrequest, while too many of them are under
/// way, and while the client takes no more.
final class SsiBody extends BodyFilter implements SsiParser.Sink {
  /// How many subrequests of one page may be under way before the rest of it is looked at.
  private static final int MOST_INCLUDED = 200;

  private static final int MOST_PARAMETERS = 16;

  /// The commands with the parameters that they may have; those in capitals they must have.
  private static final Map<String, List<String>> COMMANDS =
      Map.of(
          "include", List.of("virtual", "file", "wait", "set", "stub"),
          "echo", List.of("VAR", "default", "encoding"),
          "config", List.of("errmsg", "timefmt"),
          "set", List.of("VAR", "VALUE"),
          "if", List.of("EXPR"),
          "elif", List.of("EXPR"),
          "else", List.of(),
          "endif", List.of(),
          "block", List.of("NAME"),
          "endblock", List.of());

  private final SsiSettings settings;
  private final ExchangeSlot<String> timeForm;
  private final SsiPage page;
  private final SsiText texts;
  private final SsiParser parser;
  private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(2);
  private String errorMessage = "[an error occurred while processing the directive]";
  private Encoding encoding = Encoding.ENTITY;
  private Branch branch = Branch.NONE;
  private boolean output = true;
  private boolean chosen;
  private boolean inBlock;
  private boolean held;
  private boolean passedOn;
  private boolean ended;
  private boolean over;
  private boolean working;

  private enum Encoding {
    NONE,
    URL,
    ENTITY
  }

  /// Where between `if` and `endif` the page is.
  private enum Branch {
    NONE,
    IF,
    ELSE
  }

  SsiBody(
      Exchange exchange,
      SsiSettings settings,
      Variables variables,
      ExchangeSlot<SsiPage> pageSlot,
      ExchangeSlot<String> timeForm) {
    super(exchange);
    this.settings = settings;
    this.timeForm = timeForm;
    Exchange main = exchange.main();
    SsiPage there = main.get(pageSlot);
    if (there == null) {
      there = new SsiPage();
      main.put(pageSlot, there);
    }
    page = there;
    texts = new SsiText(variables, exchange, page);
    parser = new SsiParser(settings.longestValue(), this);
  }

  // ---- the body

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    if (body.isReadable() && !ended && !isReleased()) {
      waiting.add(body);
    } else {
      body.release();
    }
    ended |= last;
    work();
  }

  @Override
  public void writeEnd(Exchange exchange) {
    ended = true;
    work();
  }

  /// Nothing goes out, not even the head, before there is something of the page: what it begins
  /// with waiting for may fail.
  @Override
  public void flush() {
    if (passedOn || over) {
      next().flush();
    }
  }

  @Override
  public boolean isWritable() {
    return waiting.isEmpty() && next().isWritable();
  }

  @Override
  protected void resumed() {
    boolean mine = !over && (!waiting.isEmpty() || ended);
    work();
    if (mine && !isReleased()) {
      flush();
    }
    if (!isReleased()) {
      super.resumed();
    }
  }

  @Override
  protected void release() {
    for (ByteBuf in = waiting.poll(); in != null; in = waiting.poll()) {
      in.release();
    }
  }

  private void work() {
    if (working) {
      return;
    }
    working = true;
    try {
      while (!over && !isReleased() && !held && step()) {
        // each step used something up
      }
    } finally {
      working = false;
    }
  }

  private boolean step() {
    ByteBuf in = waiting.peek();
    if (in == null) {
      if (ended) {
        over = true;
        parser.finish();
        if (!isReleased()) {
          next().writeEnd(exchange());
        }
      }
      return false;
    }
    if (exchange().subrequestCount() >= MOST_INCLUDED || !next().isWritable()) {
      return false; // resumed() goes on
    }
    parser.parse(in);
    if (!isReleased() && !in.isReadable()) {
      waiting.remove();
      in.release();
    }
    return true;
  }

  private void emit(String text) {
    if (!text.isEmpty()) {
      emit(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1)));
    }
  }

  private void emit(ByteBuf text) {
    if (isReleased()) {
      text.release();
      return;
    }
    passedOn = true;
    next().writeBody(exchange(), text, false);
  }

  // ---- what the parser finds

  @Override
  public void text(ByteBuf text) {
    if (output) {
      emit(text);
      return;
    }
    try {
      if (inBlock) {
        check(page.add(text));
      }
    } finally {
      text.release();
    }
  }

  private void check(boolean fits) {
    if (!fits) {
      complain("the SSI blocks of the request are too large");
      failed();
      output = true;
      inBlock = false;
    }
  }

  @Override
  public void complain(String message) {
    exchange().log(Level.ERROR, message);
  }

  @Override
  public void broken() {
    failed();
  }

  private void failed() {
    if (!settings.silentErrors()) {
      emit(errorMessage);
    }
  }

  @Override
  public void command(String name, List<Parameter> parameters) {
    List<String> known = COMMANDS.get(name);
    if (known == null) {
      if (output) {
        complain("invalid SSI command: \"" + name + "\"");
        failed();
      }
      return;
    }
    if (!output && !name.equals("endblock")) {
      if (inBlock) {
        check(page.add(asWritten(name, parameters)));
        return;
      }
      if (required(name) == null) {
        return;
      }
    }
    Branch most = required(name);
    if (most != null && (branch == Branch.NONE || branch.compareTo(most) > 0)) {
      complain("invalid context of SSI command: \"" + name + "\"");
      failed();
    } else if (!areRight(name, parameters, known) || !carryOut(name, parameters)) {
      failed();
    }
  }

  /// How far between `if` and `endif` a command may stand; null if anywhere.
  private static @Nullable Branch required(String command) {
    return switch (command) {
      case "elif", "else" -> Branch.IF;
      case "endif" -> Branch.ELSE;
      default -> null;
    };
  }

  private static String asWritten(String name, List<Parameter> parameters) {
    StringBuilder out = new StringBuilder("<!--#").append(name);
    for (Parameter parameter : parameters) {
      out.append(' ').append(parameter.name()).append("=\"").append(parameter.value()).append('"');
    }
    return out.append(" -->").toString();
  }

  private boolean areRight(String name, List<Parameter> parameters, List<String> known) {
    if (parameters.size() > MOST_PARAMETERS) {
      complain("too many SSI command parameters: \"" + name + "\"");
      return false;
    }
    Set<String> seen = new HashSet<>();
    for (Parameter parameter : parameters) {
      String key = parameter.name();
      boolean isKnown = known.stream().anyMatch(one -> one.toLowerCase(Locale.ROOT).equals(key));
      if (!isKnown) {
        complain("invalid parameter name: \"" + key + "\" in \"" + name + "\" SSI command");
        return false;
      }
      if (!seen.add(key)) {
        complain("duplicate \"" + key + "\" parameter in \"" + name + "\" SSI command");
        return false;
      }
    }
    for (String one : known) {
      String key = one.toLowerCase(Locale.ROOT);
      if (!one.equals(key) && !seen.contains(key)) {
        complain("mandatory \"" + key + "\" parameter is absent in \"" + name + "\" SSI command");
        return false;
      }
    }
    return true;
  }

  private static String value(List<Parameter> parameters, String name) {
    String value = SsiParser.find(parameters, name);
    return value == null ? "" : value;
  }

  /// False if it failed, which is logged.
  private boolean carryOut(String name, List<Parameter> parameters) {
    return switch (name) {
      case "include" -> include(parameters);
      case "echo" -> echo(parameters);
      case "config" -> {
        config(parameters);
        yield true;
      }
      case "set" -> {
        String value = texts.evaluate(value(parameters, "value"));
        if (value != null) {
          page.set(value(parameters, "var"), value);
        }
        yield value != null;
      }
      case "if" -> {
        if (branch != Branch.NONE) {
          complain("the \"if\" command inside the \"if\" command");
          yield false;
        }
        yield choose(value(parameters, "expr"));
      }
      case "elif" -> choose(value(parameters, "expr"));
      case "else" -> {
        output = !chosen;
        branch = Branch.ELSE;
        yield true;
      }
      case "endif" -> {
        output = true;
        chosen = false;
        branch = Branch.NONE;
        yield true;
      }
      case "block" -> {
        page.openBlock(value(parameters, "name"));
        output = false;
        inBlock = true;
        yield true;
      }
      case "endblock" -> {
        page.closeBlock();
        output = true;
        inBlock = false;
        yield true;
      }
      default -> throw new IllegalStateException("unknown command " + name);
    };
  }

  private boolean choose(String expression) {
    if (chosen) {
      output = false;
      return true;
    }
    Boolean holds = SsiCondition.test(expression, texts, page, exchange());
    if (holds == null) {
      return false;
    }
    output = holds;
    chosen = holds;
    branch = Branch.IF;
    return true;
  }

  private void config(List<Parameter> parameters) {
    String form = SsiParser.find(parameters, "timefmt");
    if (form != null) {
      exchange().put(timeForm, form);
    }
    String message = SsiParser.find(parameters, "errmsg");
    if (message != null) {
      errorMessage = message;
    }
  }

  private boolean echo(List<Parameter> parameters) {
    String value = texts.variable(value(parameters, "var"));
    if (value == null) {
      String otherwise = SsiParser.find(parameters, "default");
      value = otherwise == null ? "(none)" : otherwise;
    }
    if (value.isEmpty()) {
      return true;
    }
    String wanted = SsiParser.find(parameters, "encoding");
    if (wanted != null) {
      switch (wanted) {
        case "none" -> encoding = Encoding.NONE;
        case "url" -> encoding = Encoding.URL;
        case "entity" -> encoding = Encoding.ENTITY;
        default -> complain("unknown encoding \"" + wanted + "\" in the \"echo\" command");
      }
    }
    emit(
        switch (encoding) {
          case NONE -> value;
          case URL -> UriEscape.HTML.escape(value);
          case ENTITY -> entities(value);
        });
    return true;
  }

  private static String entities(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  // ---- include

  private boolean include(List<Parameter> parameters) {
    String virtual = SsiParser.find(parameters, "virtual");
    String file = SsiParser.find(parameters, "file");
    String set = SsiParser.find(parameters, "set");
    String stub = SsiParser.find(parameters, "stub");
    if (virtual != null && file != null) {
      complain("inclusion may be either virtual=\"" + virtual + "\" or file=\"" + file + "\"");
      return false;
    }
    if (virtual == null && file == null) {
      complain("no parameter in \"include\" SSI command");
      return false;
    }
    if (set != null && stub != null) {
      complain("\"set\" and \"stub\" cannot be used together in \"include\" SSI command");
      return false;
    }
    Boolean waits = waits(SsiParser.find(parameters, "wait"), file);
    Subrequest subrequest = waits == null ? null : target(virtual == null ? file : virtual);
    if (waits == null || subrequest == null) {
      return false;
    }
    if (stub != null) {
      byte[] block = page.block(stub);
      if (block == null) {
        complain("\"stub\"=\"" + stub + "\" for \"include\" not found");
        return false;
      }
      subrequest.stub(block);
    }
    if (set != null) {
      return assign(subrequest, set);
    }
    if (!exchange().splice().insert(subrequest, waits ? this::goOn : null)) {
      return false;
    }
    held = waits;
    return true;
  }

  private @Nullable Boolean waits(@Nullable String wait, @Nullable String file) {
    if (wait == null) {
      return file != null;
    }
    if (file != null) {
      complain("\"wait\" cannot be used with file=\"" + file + "\"");
      return null;
    }
    if (wait.equalsIgnoreCase("no") || wait.equalsIgnoreCase("yes")) {
      return wait.equalsIgnoreCase("yes");
    }
    complain("invalid value \"" + wait + "\" in the \"wait\" parameter");
    return null;
  }

  /// The subrequest for what is written; null if that is wrong, which is logged.
  private @Nullable Subrequest target(@Nullable String written) {
    String uri = written == null ? null : texts.evaluate(written);
    if (uri == null) {
      return null;
    }
    if (!uri.startsWith("/")) {
      String here = exchange().path();
      uri = here.substring(0, here.lastIndexOf('/') + 1) + uri;
    }
    int question = uri.indexOf('?');
    String path = question < 0 ? uri : uri.substring(0, question);
    boolean climbs = (path + "/").contains("/../");
    UriPath parsed = climbs || path.isEmpty() ? null : UriPath.of(uri, false);
    if (parsed == null) {
      complain("unsafe URI \"" + uri + "\" was detected");
      return null;
    }
    return exchange().subrequest(parsed.path(), parsed.args()).withBody();
  }

  private boolean assign(Subrequest subrequest, String variable) {
    if (page.variable(variable) == null) {
      page.set(variable, "");
    }
    held = true;
    boolean started =
        subrequest.collect((answered, body) -> {
          if (body == null) {
            exchange().downstream().abort(exchange());
            return;
          }
          int status = answered.response().status();
          if (status < 300 && body.length > 0) {
            page.set(variable, new String(body, StandardCharsets.ISO_8859_1));
          }
          goOn();
          if (!isReleased()) {
            flush();
          }
          if (!isReleased()) {
            resumed();
          }
        });
    held &= started;
    return started;
  }

  private void goOn() {
    held = false;
    work();
  }
}
