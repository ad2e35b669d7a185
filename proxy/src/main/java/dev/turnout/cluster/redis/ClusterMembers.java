package dev.turnout.cluster.redis;

import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.models.partitions.ClusterPartitionParser;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// The members of a Redis Cluster, and which of them has the keys. All keys of a store have the
/// same hash tag, so that they are in one slot: a transaction can have several of them only there.
///
/// Only what a member says of itself is believed: others may not know yet who has the slot since a
/// failover. A member that is about to give the slot to another one has some of the keys no more,
/// and is not the one to ask until that is over.
///
/// Guarded by its monitor, in which nothing waits.
final class ClusterMembers {
  private static final int MOST_ASKED = 50;

  private final List<RedisURI> named;
  private final int slot;
  private final Pattern moving;
  private List<RedisURI> known =
      List.of(); // by the members themselves, who had the slot last first

  /// Opens connections.
  interface Opener {
    RedisLink open(RedisURI uri) throws RedisTrouble;
  }

  /// @param named some of the members
  /// @param slot that of the keys
  ClusterMembers(List<RedisURI> named, int slot) {
    this.named = List.copyOf(named);
    this.slot = slot;
    this.moving = Pattern.compile("(?m)^\\S+ \\S+ \\S*\\bmyself\\b.* \\[" + slot + "->-");
  }

  /// True if all keys that begin so are in one slot.
  static boolean hasTag(String prefix) {
    int open = prefix.indexOf('{');
    return open >= 0 && prefix.indexOf('}', open) > open + 1;
  }

  /// The slot of all keys that begin with a prefix that has a tag.
  static int slot(String prefix) {
    return SlotHash.getSlot(prefix);
  }

  /// A connection to the member that has the slot.
  RedisLink connect(Opener opener) throws RedisTrouble {
    Set<String> asked = new HashSet<>();
    Deque<RedisURI> toAsk = new ArrayDeque<>(candidates());
    RedisTrouble trouble = RedisTrouble.notMade("no member of the Redis Cluster has slot " + slot);
    while (!toAsk.isEmpty() && asked.size() < MOST_ASKED) {
      RedisURI uri = toAsk.removeFirst();
      if (!asked.add(uri.getHost() + ":" + uri.getPort())) {
        continue;
      }
      RedisLink link = null;
      try {
        link = opener.open(uri);
        String text = link.clusterNodes();
        List<RedisClusterNode> nodes = nodes(text);
        if (owns(nodes)) {
          checkStays(text);
          learn(uri, nodes);
          return link;
        }
        others(uri, nodes).forEach(toAsk::addFirst);
      } catch (RedisTrouble e) {
        trouble = e;
      }
      if (link != null) {
        link.close();
      }
    }
    throw trouble;
  }

  /// Where the member is that has the slot.
  RedisURI find(Opener opener) throws RedisTrouble {
    connect(opener).close();
    return candidates().getFirst();
  }

  /// Whether a member has the slot, and all of it.
  ///
  /// @throws RedisTrouble if not
  void check(RedisLink link) throws RedisTrouble {
    String text = link.clusterNodes();
    if (!owns(nodes(text))) {
      throw RedisTrouble.notMade("MOVED the slot of the keys is at another member");
    }
    checkStays(text);
  }

  private void checkStays(String text) throws RedisTrouble {
    if (moving.matcher(text).find()) {
      throw RedisTrouble.notMade("the slot of the keys is being moved to another member");
    }
  }

  private static List<RedisClusterNode> nodes(String text) throws RedisTrouble {
    try {
      return List.copyOf(ClusterPartitionParser.parse(text));
    } catch (RedisException e) {
      throw RedisTrouble.notMade("it is no Redis Cluster: " + e.getMessage());
    }
  }

  private boolean owns(List<RedisClusterNode> nodes) {
    return nodes.stream()
        .anyMatch(node ->
            node.is(RedisClusterNode.NodeFlag.MYSELF)
                && node.is(RedisClusterNode.NodeFlag.UPSTREAM)
                && node.hasSlot(slot));
  }

  /// The other members, who is said to have the slot last.
  private List<RedisURI> others(RedisURI asked, List<RedisClusterNode> nodes) {
    List<RedisURI> others = new ArrayList<>();
    for (RedisClusterNode node : nodes) {
      RedisURI uri = uri(asked, node);
      if (!node.is(RedisClusterNode.NodeFlag.NOADDR)) {
        others.add(node.hasSlot(slot) ? others.size() : 0, uri);
      }
    }
    return others;
  }

  /// Where a member is, with all that belongs to a connection. One that does not know its own
  /// address is where it was asked.
  private static RedisURI uri(RedisURI asked, RedisClusterNode node) {
    RedisURI told = node.getUri();
    String host = told == null || told.getHost() == null ? "" : told.getHost();
    return node.is(RedisClusterNode.NodeFlag.MYSELF) || host.isEmpty() || told == null
        ? asked
        : RedisURI.builder(asked).withHost(host).withPort(told.getPort()).build();
  }

  private synchronized void learn(RedisURI owner, List<RedisClusterNode> nodes) {
    List<RedisURI> all = new ArrayList<>();
    all.add(owner);
    all.addAll(others(owner, nodes));
    known = all;
  }

  /// Who is asked, one after the other.
  private synchronized List<RedisURI> candidates() {
    List<RedisURI> all = new ArrayList<>(known);
    all.addAll(named);
    return all;
  }
}
