package dev.turnout.cluster.etcd;

import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreEngine;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.web.StoreAddress;
import java.util.Set;

/// etcd 3.4 or newer: `etcd://[user:password@]host[:port][,host[:port]…]`, and `etcds://…` with
/// TLS.
///
/// It is spoken to by the JSON gateway that every member has on its client port, not by gRPC: the
/// client library for that is 47 jars with a Netty of its own.
public final class EtcdEngine implements StoreEngine {
  private static final int PORT = 2379;

  @Override
  public Set<String> schemes() {
    return Set.of("etcd", "etcds");
  }

  @Override
  public String usualPrefix(String scheme) {
    return "/turnout/";
  }

  @Override
  public Set<String> parameters() {
    return Set.of(StoreAddress.TRUSTED);
  }

  @Override
  public String refusesSync() {
    return "etcd writes each message to the disks of a majority and keeps it until it is compacted";
  }

  @Override
  public SharedStore open(StoreSpec spec) {
    StoreAddress address = StoreAddress.parse(spec, spec.scheme().equals("etcds"), PORT);
    if (address.user().isEmpty() != address.password().isEmpty()) {
      throw new IllegalArgumentException("who logs in to etcd has a name and a password");
    }
    return new EtcdStore(address, spec.prefix(), spec.timeout());
  }
}
