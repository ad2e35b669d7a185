package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.ProxyHeader;
import dev.turnout.http.Verdict;
import dev.turnout.net.ListenAddress;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `set_real_ip_from`: where the client is, as trusted proxies in front say. Comes before all that
/// asks for the client's address.
public final class RealIpModule implements HttpModule {
  private static final Setting<List<AccessRule>> TRUSTED = Setting.listOf("set_real_ip_from");
  private static final Setting<Source> SOURCE =
      Setting.of("real_ip_header", new Source.Field(FieldName.of("X-Real-IP")));
  private static final Setting<Boolean> RECURSIVE = Setting.of("real_ip_recursive", false);

  /// `real_ip_header`.
  private sealed interface Source {
    record Field(FieldName name) implements Source {}

    record ForwardedFor() implements Source {}

    record ProxyProtocol() implements Source {}
  }

  @Override
  public void register(HttpRegistry http) {
    ExchangeSlot<SocketAddress> connected = http.exchangeSlot();
    http.directive("set_real_ip_from")
        .in(HTTP, SERVER, LOCATION)
        .repeatable()
        .read(RealIpModule::trust)
        .syntax("address | CIDR | hostname | unix:")
        .summary("A proxy that is believed about where clients are.");
    http.directive("real_ip_header")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(SOURCE, source(d.argument(0))))
        .syntax("field | X-Real-IP | X-Forwarded-For | proxy_protocol")
        .defaultText("X-Real-IP")
        .summary("What a trusted proxy says the client's address in.");
    http.directive("real_ip_recursive")
        .in(HTTP, SERVER, LOCATION)
        .flag(RECURSIVE)
        .defaultText("off")
        .summary("Of several addresses the last that is not trusted is taken, not the last.");
    http.phase(Phase.SERVER_REWRITE, scope -> handler(scope, connected));
    http.phase(Phase.PREACCESS, scope -> handler(scope, connected));
    http.variable("realip_remote_addr", exchange -> text(first(exchange, connected)));
    http.variable(
        "realip_remote_port",
        exchange ->
            first(exchange, connected) instanceof InetSocketAddress inet
                ? Integer.toString(inet.getPort())
                : "");
  }

  private static SocketAddress first(Exchange exchange, ExchangeSlot<SocketAddress> connected) {
    SocketAddress before = exchange.get(connected);
    return before == null ? exchange.remoteAddress() : before;
  }

  private static String text(SocketAddress address) {
    return address instanceof InetSocketAddress inet && inet.getAddress() != null
        ? ListenAddress.numeric(inet.getAddress())
        : "unix:";
  }

  private static Source source(String text) {
    if (text.equals("proxy_protocol")) {
      return new Source.ProxyProtocol();
    }
    FieldName name = FieldName.of(text);
    return name.known() == FieldName.X_FORWARDED_FOR
        ? new Source.ForwardedFor()
        : new Source.Field(name);
  }

  private static void trust(Directive d, Scope scope) {
    String text = d.argument(0);
    if (text.equals("all")) {
      throw ConfigException.at(d, 0, "host not found in set_real_ip_from \"all\"");
    }
    try {
      AccessRule rule = AccessRule.parse(text, true);
      if (rule instanceof AccessRule.Block block && block.network().hasLowBits()) {
        scope.warn(d, "low address bits of " + text + " are meaningless");
      }
      scope.append(TRUSTED, rule);
    } catch (IllegalArgumentException _) {
      trustHost(d, scope, text);
    }
  }

  private static void trustHost(Directive d, Scope scope, String name) {
    try {
      if (name.isEmpty() || name.indexOf('/') >= 0 || name.indexOf(':') >= 0) {
        throw new UnknownHostException(name);
      }
      for (InetAddress address : InetAddress.getAllByName(name)) {
        scope.append(TRUSTED, AccessRule.parse(address.getHostAddress(), true));
      }
    } catch (UnknownHostException _) {
      throw ConfigException.at(d, 0, "host not found in set_real_ip_from \"" + name + "\"");
    }
  }

  private static @Nullable PhaseHandler handler(
      Scope scope, ExchangeSlot<SocketAddress> connected) {
    List<AccessRule> trusted = scope.get(TRUSTED);
    if (trusted.isEmpty()) {
      return null;
    }
    return new Handler(List.copyOf(trusted), scope.get(SOURCE), scope.get(RECURSIVE), connected);
  }

  /// What one location believes.
  private record Handler(
      List<AccessRule> trusted,
      Source source,
      boolean recursive,
      ExchangeSlot<SocketAddress> connected)
      implements PhaseHandler {
    @Override
    public Verdict handle(Exchange exchange) {
      if (exchange.isSubrequest()) {
        return Verdict.CONTINUE; // its client is its parent's
      }
      if (exchange.get(connected) == null) {
        SocketAddress before = exchange.remoteAddress();
        SocketAddress told = told(exchange, before);
        if (told != null) {
          exchange.put(connected, before);
          exchange.remoteAddress(told);
        }
      }
      return Verdict.CONTINUE;
    }

    private @Nullable SocketAddress told(Exchange exchange, SocketAddress from) {
      Fields fields = exchange.request().fields();
      return switch (source) {
        case Source.ProxyProtocol() -> {
          ProxyHeader header = exchange.downstream().proxyHeader();
          yield header != null && isTrusted(from) ? header.source() : null;
        }
        case Source.Field(FieldName name) -> {
          int i = fields.find(name);
          yield i < 0 ? null : walk(fields.value(i), from);
        }
        case Source.ForwardedFor() -> forwarded(fields, from);
      };
    }

    /// The lines from the last to the first, as far as trusted proxies have written them.
    private @Nullable SocketAddress forwarded(Fields fields, SocketAddress from) {
      SocketAddress found = null;
      for (int i = fields.count() - 1; i >= 0; i--) {
        if (fields.known(i) != FieldName.X_FORWARDED_FOR) {
          continue;
        }
        SocketAddress next = walk(fields.value(i), found == null ? from : found);
        if (next == null) {
          return found;
        }
        found = next;
        if (!recursive || !isTrusted(next)) {
          return found;
        }
      }
      return found;
    }

    /// The address that a line names: the last, or, going back, the first that is not trusted.
    private @Nullable SocketAddress walk(String line, SocketAddress from) {
      SocketAddress found = null;
      SocketAddress teller = from;
      int end = line.length();
      while (isTrusted(teller)) {
        while (end > 0 && isSeparator(line.charAt(end - 1))) {
          end--;
        }
        int start = end;
        while (start > 0 && !isSeparator(line.charAt(start - 1))) {
          start--;
        }
        SocketAddress address = start == end ? null : parse(line.substring(start, end));
        if (address == null) {
          return found;
        }
        found = address;
        if (!recursive) {
          return found;
        }
        teller = address;
        end = start;
      }
      return found;
    }

    private static boolean isSeparator(char c) {
      return c == ' ' || c == ',';
    }

    private boolean isTrusted(SocketAddress address) {
      return AccessRule.first(trusted, address) != null;
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; null for anything else.
    private static @Nullable SocketAddress parse(String text) {
      if (NetUtil.isValidIpV4Address(text) || isV6(text)) {
        return socket(text, 0);
      }
      int colon = text.lastIndexOf(':');
      boolean bracketed = text.startsWith("[");
      if (bracketed && text.endsWith("]")) {
        String inner = text.substring(1, text.length() - 1);
        return isV6(inner) ? socket(inner, 0) : null;
      }
      if (colon < 1) {
        return null;
      }
      String host = text.substring(0, colon);
      long port = dev.turnout.config.Units.number(text.substring(colon + 1)).orElse(-1);
      if (port < 1 || port > 65535) {
        return null;
      }
      if (bracketed && host.endsWith("]")) {
        String inner = host.substring(1, host.length() - 1);
        return isV6(inner) ? socket(inner, (int) port) : null;
      }
      return NetUtil.isValidIpV4Address(host) ? socket(host, (int) port) : null;
    }

    private static boolean isV6(String text) {
      return text.indexOf('%') < 0 && !text.startsWith("[") && NetUtil.isValidIpV6Address(text);
    }

    private static @Nullable SocketAddress socket(String address, int port) {
      try {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
      } catch (UnknownHostException _) {
        return null;
      }
    }
  }
}
