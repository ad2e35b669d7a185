package dev.turnout.upstream;

import dev.turnout.upstream.balance.Balancers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/// Short names for the specs that tests need.
public final class Servers {
  private Servers() {}

  /// A server at 127.0.0.1 with nginx's defaults.
  public static PeerSpec server(int port) {
    return PeerSpec.of("127.0.0.1:" + port, address(port));
  }

  public static PeerAddress address(int port) {
    try {
      return new PeerAddress.Inet(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  public static UpstreamSpec spec(BalancingMethod method, PeerSpec... servers) {
    return UpstreamSpec.of("app", List.of(servers), method, Keepalive.DEFAULT);
  }

  public static UpstreamSpec spec(PeerSpec... servers) {
    return spec(new BalancingMethod.RoundRobin(), servers);
  }

  /// Servers on ports 1, 2, … with these weights.
  public static PeerSpec[] weighing(int... weights) {
    PeerSpec[] servers = new PeerSpec[weights.length];
    Arrays.setAll(servers, i -> server(i + 1).withWeight(weights[i]));
    return servers;
  }

  public static Upstream upstream(UpstreamSpec spec) {
    return new Upstream(spec, 1, Balancers::create);
  }

  public static Upstream upstream(PeerSpec... servers) {
    return upstream(spec(servers));
  }

  public static int port(Peer peer) {
    return switch (peer.address()) {
      case PeerAddress.Inet inet -> inet.socket().getPort();
      case PeerAddress.Unix unix -> throw new AssertionError(unix);
      case PeerAddress.Unresolved name -> throw new AssertionError(name);
    };
  }

  /// `spec` after `change`, which must hold.
  public static UpstreamSpec changed(UpstreamSpec spec, UpstreamChange change) {
    return switch (spec.apply(change)) {
      case ChangeResult.Changed(UpstreamSpec next) -> next;
      case ChangeResult.Refused refused -> throw new AssertionError(refused.message());
    };
  }
}
