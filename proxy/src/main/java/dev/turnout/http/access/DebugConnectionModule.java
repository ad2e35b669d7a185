package dev.turnout.http.access;

import static dev.turnout.config.Context.EVENTS;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/// `debug_connection`: clients of whose requests the error log tells everything, whatever its
/// level.
public final class DebugConnectionModule implements HttpModule {
  private final List<AccessRule> rules = new ArrayList<>();

  @Override
  public void register(HttpRegistry http) {
    http.directive("debug_connection")
        .in(EVENTS)
        .repeatable()
        .read((d, scope) -> {
          add(d, scope);
          http.debugConnections(client -> AccessRule.first(rules, client) != null);
        })
        .syntax("address | CIDR | name | unix:")
        .summary("For these clients the error log tells everything, whatever its level.")
        .differs("Not what is told of a connection before its first request.");
  }

  private void add(Directive d, Scope scope) {
    String text = d.argument(0);
    try {
      AccessRule rule =
          text.equals("unix:")
              ? new AccessRule.UnixSockets(true)
              : new AccessRule.Block(Network.parse(text), true);
      if (rule instanceof AccessRule.Block block && block.network().hasLowBits()) {
        scope.warn(d, "low address bits of " + text + " are meaningless");
      }
      rules.add(rule);
    } catch (IllegalArgumentException _) {
      addressesOf(d, text);
    }
  }

  private void addressesOf(Directive d, String name) {
    try {
      for (InetAddress address : InetAddress.getAllByName(name)) {
        rules.add(new AccessRule.Block(Network.parse(address.getHostAddress()), true));
      }
    } catch (UnknownHostException _) {
      throw ConfigException.at(d, 0, "host not found in debug_connection \"" + name + "\"");
    }
  }
}
