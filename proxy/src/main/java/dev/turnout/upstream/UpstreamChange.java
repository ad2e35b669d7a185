package dev.turnout.upstream;

import java.util.List;

/// One change to the servers of an upstream; [UpstreamSpec#apply] says what comes of it.
public sealed interface UpstreamChange {
  /// Adds a server at the end. It is given the next id, whatever id `server` has.
  record Add(PeerSpec server) implements UpstreamChange {}

  /// Changes some values of a server.
  record Update(long id, PeerPatch patch) implements UpstreamChange {}

  /// Removes a server; requests that are running on it end in peace.
  record Remove(long id) implements UpstreamChange {}

  /// Puts a whole list in place of the present one.
  ///
  /// A server with an id keeps it if the present list has it. One without takes the id of a present
  /// server that is written the same way, so that its state carries over, or else the next id.
  record Replace(List<PeerSpec> servers) implements UpstreamChange {
    public Replace {
      servers = List.copyOf(servers);
    }
  }
}
