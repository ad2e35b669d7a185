package dev.turnout.lua;

import dev.turnout.config.ConfigException;
import dev.turnout.control.Operation;
import dev.turnout.http.Exchange;
import dev.turnout.http.Upstreams;
import dev.turnout.http.Variable;
import dev.turnout.net.OffLoop;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `ngx.upstream` and `ngx.dyups`: the live servers of upstreams, read as they are and changed by
/// the one path of all changes.
final class UpstreamCalls implements LuaPart {
  private static final int REMOVE = 0;
  private static final int DOWN = 1;
  private static final int UP = 2;
  private static final int WEIGHT = 3;

  @Override
  public String script() {
    return "upstream.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "ups_names",
        "int(int)",
        "ups_servers",
        "int(int, const char *, int)",
        "ups_peers",
        "int(int, const char *, int, int)",
        "ups_current",
        "int(int)",
        "ups_change",
        "int(int, const char *, int, int, int, int, int)",
        "ups_change_server",
        "int(int, const char *, int, double, int, int)",
        "ups_add",
        "int(int, const char *, int, const char *, int)",
        "ups_put",
        "int(int, const char *, int, const char *, int)",
        "ups_delete",
        "int(int, const char *, int)");
  }

  private static Upstreams upstreams(LuaVm vm) {
    return vm.program().http().environment().upstreams();
  }

  private static @Nullable Upstream find(LuaVm vm, long name, int length) {
    return upstreams(vm).find(vm.text(name, length));
  }

  // ---- reading

  static int upsNames(LuaVm vm) {
    List<@Nullable String> names = new ArrayList<>();
    upstreams(vm).all().forEach(upstream -> names.add(upstream.name()));
    return vm.answer(names);
  }

  /// Eight texts for each server: id, name, address, weight, max_fails, fail_timeout, backup, down.
  static int upsServers(LuaVm vm, long name, int length) {
    Upstream upstream = find(vm, name, length);
    if (upstream == null) {
      return LuaVm.NONE;
    }
    List<@Nullable String> out = new ArrayList<>();
    for (PeerSpec server : upstream.current().spec().servers()) {
      out.add(Long.toString(server.id()));
      out.add(server.server());
      out.add(server.address().text());
      out.add(Integer.toString(server.weight()));
      out.add(Integer.toString(server.maxFails()));
      out.add(Long.toString(server.failTimeoutMillis() / 1000));
      out.add(server.backup() ? "1" : null);
      out.add(server.down() ? "1" : null);
    }
    return vm.answer(out);
  }

  /// Eight texts for each peer: name, weight, present weight, requests at it, failures that count,
  /// max_fails, fail_timeout, down.
  static int upsPeers(LuaVm vm, long name, int length, int backup) {
    Upstream upstream = find(vm, name, length);
    if (upstream == null) {
      return LuaVm.NONE;
    }
    List<@Nullable String> out = new ArrayList<>();
    for (Peer peer : peers(upstream, backup)) {
      PeerSpec spec = peer.spec();
      out.add(peer.address().text());
      out.add(Integer.toString(spec.weight()));
      out.add(Integer.toString(peer.weight()));
      out.add(Integer.toString(peer.active()));
      out.add(Integer.toString(peer.health().fails()));
      out.add(Integer.toString(spec.maxFails()));
      out.add(Long.toString(spec.failTimeoutMillis() / 1000));
      out.add(spec.down() ? "1" : null);
    }
    return vm.answer(out);
  }

  private static List<Peer> peers(Upstream upstream, int backup) {
    return backup == 0 ? upstream.current().primaries() : upstream.current().backups();
  }

  /// The upstream that the request goes to, by the name that `proxy_pass` has.
  static int upsCurrent(LuaVm vm) {
    Exchange exchange = vm.run().requireExchange();
    Variable host = vm.program().http().variables().named("proxy_host");
    String name = host == null ? null : host.value(exchange);
    Upstream upstream = name == null ? null : upstreams(vm).find(name);
    return vm.answerOrNone(upstream == null ? name : upstream.name());
  }

  // ---- changing

  /// Changes the peer with this index, as `set_peer_down` counts them.
  static int upsChange(
      LuaVm vm, long name, int length, int backup, int index, int what, int value) {
    Upstream upstream = find(vm, name, length);
    if (upstream == null) {
      return vm.refuse("upstream not found");
    }
    List<Peer> peers = peers(upstream, backup);
    if (backup != 0 && peers.isEmpty()) {
      return vm.refuse("no backup peers");
    }
    if (index < 0 || index >= peers.size()) {
      return vm.refuse("bad peer id");
    }
    Peer peer = peers.get(index);
    if (what == UP) {
      peer.forgive(vm.run().worker().nowMillis());
    }
    PeerSpec named = upstream.current().parent(peer); // of an address that a name has
    return change(vm, upstream, named == null ? peer.id() : named.id(), what, value);
  }

  /// Changes the server with this id.
  static int upsChangeServer(LuaVm vm, long name, int length, double id, int what, int value) {
    Upstream upstream = find(vm, name, length);
    return upstream == null
        ? vm.refuse("upstream not found")
        : change(vm, upstream, (long) id, what, value);
  }

  private static int change(LuaVm vm, Upstream upstream, long id, int what, int value) {
    PeerPatch none = PeerPatch.NOTHING;
    UpstreamChange change =
        switch (what) {
          case REMOVE -> new UpstreamChange.Remove(id);
          case DOWN -> new UpstreamChange.Update(id, none.withDown(true));
          case UP -> new UpstreamChange.Update(id, none.withDown(false));
          case WEIGHT -> new UpstreamChange.Update(id, none.withWeight(value));
          default -> throw new IllegalArgumentException("no change " + what);
        };
    return LuaChange.submit(vm, new Operation.EditUpstream(upstream.name(), change));
  }

  /// Adds the server of a `server` directive.
  static int upsAdd(LuaVm vm, long name, int length, long line, int lineLength) {
    Upstream upstream = find(vm, name, length);
    if (upstream == null) {
      return vm.refuse("upstream not found");
    }
    String of = upstream.name();
    return read(
        vm,
        of,
        vm.text(line, lineLength),
        spec -> new Operation.EditUpstream(of, new UpstreamChange.Add(spec.servers().getFirst())));
  }

  /// Makes an upstream, or puts this content in place of its.
  static int upsPut(LuaVm vm, long name, int length, long content, int contentLength) {
    return read(
        vm, vm.text(name, length), vm.text(content, contentLength), Operation.PutUpstream::new);
  }

  static int upsDelete(LuaVm vm, long name, int length) {
    return LuaChange.submit(vm, new Operation.DeleteUpstream(vm.text(name, length)));
  }

  /// Reads what a script wrote, off the loop since names may be looked up, and submits what comes
  /// of it.
  private static int read(
      LuaVm vm, String name, String content, Function<UpstreamSpec, Operation> operation) {
    LuaChange change = new LuaChange(vm);
    LuaProgram.ServerReader reader = vm.program().servers();
    OffLoop.run(
        vm.run().worker(),
        () -> {
          try {
            return new Read(reader.read(name, content), "");
          } catch (ConfigException e) {
            return new Read(null, String.valueOf(e.getMessage()));
          }
        },
        (read, failure) -> {
          UpstreamSpec spec = read == null ? null : read.spec();
          if (spec == null) {
            change.refused(read == null ? String.valueOf(failure) : read.trouble());
          } else {
            change.submit(operation.apply(spec));
          }
        });
    return LuaVm.AGAIN;
  }

  private record Read(@Nullable UpstreamSpec spec, String trouble) {}
}
