package dev.turnout.cluster.consul;

import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreEngine;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.web.StoreAddress;
import java.util.Set;

/// Consul 1.8 or newer: `consul://host[:port][,host[:port]…]`, agents or servers, and `consuls://…`
/// with TLS. The token that it wants is in a file, or stands where a password would.
public final class ConsulEngine implements StoreEngine {
  static final String TOKEN_FILE = "token_file";
  private static final int PORT = 8500;

  @Override
  public Set<String> schemes() {
    return Set.of("consul", "consuls");
  }

  @Override
  public String usualPrefix(String scheme) {
    return "turnout/";
  }

  @Override
  public Set<String> parameters() {
    return Set.of(StoreAddress.TRUSTED, TOKEN_FILE);
  }

  @Override
  public String refusesSync() {
    return "Consul writes each message to the disks of a majority and wakes all who wait for a key";
  }

  @Override
  public SharedStore open(StoreSpec spec) {
    if (spec.prefix().startsWith("/")) {
      throw new IllegalArgumentException("a key of Consul does not begin with \"/\"");
    }
    StoreAddress address = StoreAddress.parse(spec, spec.scheme().equals("consuls"), PORT);
    ConsulClient client =
        new ConsulClient(address, StoreAddress.file(spec, TOKEN_FILE), spec.timeout());
    return new ConsulStore(address, spec.prefix(), client);
  }
}
