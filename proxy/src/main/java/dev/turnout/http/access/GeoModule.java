package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Variable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// `geo`: a variable whose value depends on an address, mostly the client's.
public final class GeoModule implements HttpModule {
  @Override
  public void register(HttpRegistry http) {
    http.directive("geo")
        .in(HTTP)
        .arguments(1, 2)
        .repeatable()
        .freeBlock((d, scope) -> read(http, d, scope))
        .syntax("[$address] $variable")
        .summary(
            "A variable whose value is that of the smallest network, or of the range, that an"
                + " address lies in: the client's, or that in another variable.")
        .differs("Large bases are not kept in binary form.");
  }

  private static void read(HttpRegistry http, Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      if (d.argument(i).length() < 2 || d.argument(i).charAt(0) != '$') {
        throw ConfigException.at(d, i, "invalid variable name \"" + d.argument(i) + "\"");
      }
    }
    Variable source =
        d.argumentCount() == 2 ? http.variables().get(d.argument(0).substring(1)) : null;
    GeoTable.Draft draft = new GeoTable.Draft(scope);
    d.children().forEach(draft::line);
    Addresses addresses = source == null ? GeoModule::client : textual(source);
    Forwarding forwarding = draft.forwarding();
    if (forwarding != null) {
      addresses = forwarded(addresses, forwarding, http.variables().get("http_x_forwarded_for"));
    }
    Variable found = lookup(addresses, draft.finish());
    String name = d.argument(d.argumentCount() - 1).substring(1);
    try {
      http.variables().define(name, draft.isVolatile() ? found : http.variables().once(found));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, d.argumentCount() - 1, String.valueOf(e.getMessage()));
    }
  }

  /// The address that is looked up in an exchange.
  @FunctionalInterface
  private interface Addresses {
    byte @Nullable [] of(Exchange exchange);
  }

  private static Variable lookup(Addresses addresses, GeoTable table) {
    return exchange -> table.find(addresses.of(exchange));
  }

  private static Addresses textual(Variable source) {
    return exchange -> {
      String text = source.value(exchange);
      return text == null ? null : Network.address(text);
    };
  }

  private static Addresses forwarded(Addresses peers, Forwarding forwarding, Variable field) {
    return exchange -> forwarding.origin(peers.of(exchange), field.value(exchange));
  }

  private static byte @Nullable [] client(Exchange exchange) {
    SocketAddress remote = exchange.remoteAddress();
    InetAddress address = remote instanceof InetSocketAddress inet ? inet.getAddress() : null;
    return address == null ? null : address.getAddress();
  }
}
