package dev.turnout.app;

import dev.turnout.cluster.consul.ConsulEngine;
import dev.turnout.cluster.etcd.EtcdEngine;
import dev.turnout.cluster.redis.RedisEngine;
import dev.turnout.cluster.share.StoreEngine;
import java.util.List;

/// The engines that `state_store` knows besides the files of the node itself.
final class StateStores {
  private StateStores() {}

  static final List<StoreEngine> ENGINES =
      List.of(new RedisEngine(), new EtcdEngine(), new ConsulEngine());
}
