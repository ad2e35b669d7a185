package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.CoreVariables;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpDate;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Slot;
import dev.turnout.http.Variable;
import dev.turnout.log.Level;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// `userid`: clients get a cookie that tells them apart, in the form of Apache's mod_uid.
public final class UserIdModule implements HttpModule {
  private static final Setting<Mode> MODE = Setting.of("userid", Mode.OFF);
  private static final Setting<String> NAME = Setting.of("userid_name", "uid");
  private static final Setting<String> DOMAIN = Setting.of("userid_domain", "none");
  private static final Setting<String> PATH = Setting.of("userid_path", "/");
  private static final Setting<String> P3P = Setting.of("userid_p3p", "none");
  private static final Setting<Long> SERVICE = Setting.of("userid_service", -1L);
  private static final Setting<Long> EXPIRES = Setting.of("userid_expires", 0L);
  private static final Setting<String> MARK = Setting.of("userid_mark", "");
  private static final Setting<Set<String>> FLAGS = Setting.of("userid_flags", Set.of());

  private static final long FOREVER = Long.MAX_VALUE;
  private static final String LATEST = "Thu, 31-Dec-37 23:55:55 GMT";
  private static final int ENCODED = 22;
  private static final int V2_FIRST = 0x03030302;
  private static final int STEP = 0x100;
  private static final int START =
      (int) (ProcessHandle.current().pid() << 16) | (int) (System.nanoTime() / 1000 & 0xffff);

  // what tells those apart that come in one second, over all loops
  private static final AtomicInteger V1_NEXT = new AtomicInteger(1);
  private static final AtomicInteger V2_NEXT = new AtomicInteger(V2_FIRST);

  private enum Mode {
    OFF,
    LOG,
    V1,
    ON
  }

  /// What holds in one location.
  private record Rules(
      Mode mode,
      String name,
      String domain,
      String path,
      String p3p,
      long service,
      long expires,
      String mark,
      Set<String> flags) {
    static Rules of(Scope scope) {
      return new Rules(
          scope.get(MODE),
          scope.get(NAME),
          scope.get(DOMAIN),
          scope.get(PATH),
          scope.get(P3P),
          scope.get(SERVICE),
          scope.get(EXPIRES),
          scope.get(MARK),
          scope.get(FLAGS));
    }

    boolean sets() {
      return mode == Mode.V1 || mode == Mode.ON;
    }
  }

  /// What is known about one exchange. Confined to its loop.
  private static final class Ids {
    private @Nullable String cookie;
    private byte @Nullable [] got;
    private byte @Nullable [] set;
    private boolean reset;
  }

  private Variable wantsReset = _ -> "";

  @Override
  public void register(HttpRegistry http) {
    directives(http);
    Slot<Rules> slot = http.keep(Rules::of);
    ExchangeSlot<Ids> place = http.exchangeSlot();
    int resetSlot = http.variables().newSlot();
    http.variable(
        "uid_reset",
        exchange -> {
          String value = exchange.stored(resetSlot);
          return value == null ? "" : value;
        },
        (exchange, value) -> exchange.setStored(resetSlot, value));
    http.beforeBuild(() -> wantsReset = http.variables().get("uid_reset")); // a map may define it
    http.variable(
        "uid_got",
        exchange -> {
          Rules rules = exchange.location().get(slot);
          return rules.mode() == Mode.OFF ? null : text(rules, ids(exchange, rules, place).got);
        });
    http.variable(
        "uid_set",
        exchange -> {
          Rules rules = exchange.location().get(slot);
          if (!rules.sets()) {
            return null;
          }
          Ids ids = ids(exchange, rules, place);
          make(exchange, rules, ids);
          return text(rules, ids.set);
        });
    http.filter(scope -> {
      Rules rules = Rules.of(scope);
      if (!rules.sets()) {
        return null;
      }
      return (exchange, response) -> {
        if (exchange.isSubrequest()) {
          return; // nobody sees its head
        }
        Ids ids = ids(exchange, rules, place);
        make(exchange, rules, ids);
        byte[] set = ids.set;
        if (set != null) {
          response.headers().add("Set-Cookie", cookie(exchange, rules, ids, set));
          if (!rules.p3p().equals("none")) {
            response.headers().add("P3P", rules.p3p());
          }
        }
      };
    });
  }

  private static void directives(HttpRegistry http) {
    Map<String, Mode> modes = new LinkedHashMap<>();
    modes.put("off", Mode.OFF);
    modes.put("log", Mode.LOG);
    modes.put("v1", Mode.V1);
    modes.put("on", Mode.ON);
    http.directive("userid")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(MODE, modes)
        .defaultText("off")
        .summary("Gives clients a cookie that tells them apart, or only logs what they send.");
    http.directive("userid_name")
        .in(HTTP, SERVER, LOCATION)
        .text(NAME)
        .defaultText("uid")
        .summary("The name of the cookie.");
    http.directive("userid_domain")
        .in(HTTP, SERVER, LOCATION)
        .text(DOMAIN)
        .defaultText("none")
        .summary("The domain of the cookie.");
    http.directive("userid_path")
        .in(HTTP, SERVER, LOCATION)
        .text(PATH)
        .defaultText("/")
        .summary("The path of the cookie.");
    http.directive("userid_p3p")
        .in(HTTP, SERVER, LOCATION)
        .text(P3P)
        .defaultText("none")
        .summary("The value of the `P3P` field that goes with the cookie.");
    http.directive("userid_service")
        .in(HTTP, SERVER, LOCATION)
        .number(SERVICE, 0, 0xffff_ffffL)
        .defaultText("the address of the server")
        .summary("The number of the server in the cookie.");
    http.directive("userid_expires")
        .in(HTTP, SERVER, LOCATION)
        .read(UserIdModule::expires)
        .syntax("time | max | off")
        .defaultText("off")
        .summary("How long the cookie is kept.");
    http.directive("userid_mark")
        .in(HTTP, SERVER, LOCATION)
        .read(UserIdModule::mark)
        .syntax("letter | digit | = | off")
        .defaultText("off")
        .summary("Cookies without this mark are sent again, with it.");
    http.directive("userid_flags")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .read(UserIdModule::flags)
        .syntax("off | flag ...")
        .defaultText("off")
        .summary("`secure`, `httponly`, and `samesite=` with `strict`, `lax` or `none`.");
  }

  private static void expires(Directive d, Scope scope) {
    switch (d.argument(0)) {
      case "max" -> scope.set(EXPIRES, FOREVER);
      case "off" -> scope.set(EXPIRES, 0L);
      default ->
          scope.set(
              EXPIRES,
              Units.seconds(d.argument(0))
                  .orElseThrow(() -> ConfigException.directive(d, "invalid value")));
    }
  }

  private static void mark(Directive d, Scope scope) {
    String mark = d.argument(0);
    if (mark.equals("off")) {
      scope.set(MARK, "");
    } else if (mark.matches("[0-9A-Za-z=]")) {
      scope.set(MARK, mark);
    } else {
      throw ConfigException.directive(
          d, "value must be \"off\" or a single letter, digit or \"=\"");
    }
  }

  private static void flags(Directive d, Scope scope) {
    Set<String> flags = new LinkedHashSet<>();
    for (int i = 0; i < d.argumentCount(); i++) {
      String flag = d.argument(i).toLowerCase(Locale.ROOT);
      switch (flag) {
        case "off" -> {
          // no flag
        }
        case "secure", "httponly", "samesite=strict", "samesite=lax", "samesite=none" ->
            flags.add(flag);
        default -> throw ConfigException.at(d, i, "invalid value \"" + d.argument(i) + "\"");
      }
    }
    scope.set(FLAGS, flags);
  }

  private static Ids ids(Exchange exchange, Rules rules, ExchangeSlot<Ids> place) {
    Ids known = exchange.get(place);
    if (known != null) {
      return known;
    }
    Ids ids = new Ids();
    exchange.put(place, ids);
    Fields fields = exchange.request().fields();
    for (int i = fields.find(FieldName.COOKIE);
        i >= 0 && ids.cookie == null;
        i = fields.findAfter(i, FieldName.COOKIE)) {
      ids.cookie = CoreVariables.cookie(fields.value(i), rules.name());
    }
    String cookie = ids.cookie;
    if (cookie == null) {
      return ids;
    }
    if (cookie.length() < ENCODED) {
      exchange.log(Level.ERROR, "client sent too short userid cookie \"" + cookie + "\"");
      return ids;
    }
    try {
      // what follows may be a mark, or other than what base64 ends with
      byte[] got = Base64.getDecoder().decode(cookie.substring(0, ENCODED));
      ids.got = word(got, 3) == 0 ? null : got;
    } catch (IllegalArgumentException _) {
      exchange.log(Level.ERROR, "client sent invalid userid cookie \"" + cookie + "\"");
    }
    return ids;
  }

  /// Decides which cookie is sent, if any.
  private void make(Exchange exchange, Rules rules, Ids ids) {
    if (ids.set != null) {
      return;
    }
    byte[] got = ids.got;
    String cookie = ids.cookie;
    if (got != null && cookie != null) {
      String reset = wantsReset.value(exchange);
      if (reset == null || reset.isEmpty() || reset.equals("0")) {
        boolean marked =
            cookie.length() > ENCODED + 1 && cookie.startsWith(rules.mark() + "=", ENCODED);
        if (!rules.mark().isEmpty() && !marked) {
          ids.set = got;
        }
        return;
      }
      ids.reset = true;
      if (reset.equals("log")) {
        exchange.log(Level.NOTICE, "userid cookie \"" + text(rules, got) + "\" was reset");
      }
    }
    ids.set = fresh(exchange, rules);
  }

  private static byte[] fresh(Exchange exchange, Rules rules) {
    boolean first = rules.mode() == Mode.V1;
    ByteBuffer out =
        ByteBuffer.allocate(16).order(first ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    if (rules.service() >= 0) {
      out.putInt((int) rules.service());
    } else if (!first
        && exchange.downstream().localAddress() instanceof InetSocketAddress inet
        && inet.getAddress() != null) {
      byte[] address = inet.getAddress().getAddress();
      out.put(address, address.length - 4, 4);
    } else {
      out.putInt(0);
    }
    out.putInt((int) (exchange.worker().nowMillis() / 1000)).putInt(START);
    out.putInt(
        first
            ? V1_NEXT.getAndAdd(STEP)
            : V2_NEXT.getAndUpdate(n -> n + STEP < V2_FIRST ? V2_FIRST : n + STEP));
    return out.array();
  }

  private static String cookie(Exchange exchange, Rules rules, Ids ids, byte[] set) {
    StringBuilder out = new StringBuilder(96).append(rules.name()).append('=');
    String sent = ids.cookie;
    if (ids.got == null || ids.reset || sent == null) {
      String encoded = Base64.getEncoder().encodeToString(set);
      out.append(
          rules.mark().isEmpty() ? encoded : encoded.substring(0, ENCODED) + rules.mark() + "=");
    } else {
      out.append(sent, 0, ENCODED).append(rules.mark()).append('=');
    }
    if (rules.expires() == FOREVER) {
      out.append("; expires=").append(LATEST);
    } else if (rules.expires() > 0) {
      long second = exchange.worker().nowMillis() / 1000 + rules.expires();
      out.append("; expires=").append(HttpDate.cookie(second));
    }
    if (!rules.domain().equals("none")) {
      out.append("; domain=").append(rules.domain());
    }
    out.append("; path=").append(rules.path());
    for (String flag :
        new String[] {"secure", "httponly", "samesite=strict", "samesite=lax", "samesite=none"}) {
      if (rules.flags().contains(flag)) {
        out.append("; ").append(flag);
      }
    }
    return out.toString();
  }

  /// `name=` and the four words in hex, as `$uid_got` has it; null where there are none.
  private static @Nullable String text(Rules rules, byte @Nullable [] id) {
    if (id == null) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "%s=%08X%08X%08X%08X",
        rules.name(),
        word(id, 0),
        word(id, 1),
        word(id, 2),
        word(id, 3));
  }

  private static int word(byte[] id, int i) {
    return ByteBuffer.wrap(id).order(ByteOrder.LITTLE_ENDIAN).getInt(4 * i);
  }
}
