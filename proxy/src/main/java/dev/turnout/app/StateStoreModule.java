package dev.turnout.app;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.StateStore;
import dev.turnout.cluster.file.FileStateStore;
import dev.turnout.cluster.share.Layout;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreEngine;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Units;
import dev.turnout.control.Sharing;
import dev.turnout.control.StoreMemory;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.rewrite.KeyvalModule;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// `state_store`: where the state is that nodes share.
final class StateStoreModule implements HttpModule {
  private static final long USUAL_TIMEOUT = 1000;
  private static final long LEAST_TIMEOUT = 50;
  private static final long MOST_TIMEOUT = 60_000;
  private static final long USUAL_SYNC = 200;
  private static final long LEAST_SYNC = 20;
  private static final long MOST_SYNC = 10_000;
  private static final String NAME = "[A-Za-z0-9._-]{1,64}";

  private final Sharing sharing;
  private final StateModule state;
  private final KeyvalModule keyvals;
  private @Nullable HttpRegistry http;
  private @Nullable Directive directive;
  private @Nullable Wanted wanted;
  private @Nullable SharedStore opened; // by this load
  private @Nullable StoreMemory remembered; // by this load
  private Sharing.@Nullable Setup setup;

  /// What the directive says.
  ///
  /// @param node null: the node names itself
  record Wanted(
      StoreEngine engine, StoreSpec spec, @Nullable String node, boolean keeps, long syncMillis) {}

  /// @param state where the node's own state is
  /// @param keyvals which zones are shared
  StateStoreModule(Sharing sharing, StateModule state, KeyvalModule keyvals) {
    this.sharing = sharing;
    this.state = state;
    this.keyvals = keyvals;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("state_store")
        .in(HTTP)
        .atLeast(1)
        .read(this::read)
        .syntax(
            "file:directory | redis://[[user:]password@]host[:port][/db] | rediss://... |"
                + " redis+sentinel://[password@]host[:port][,...]/master |"
                + " redis+cluster://[[user:]password@]host[:port][,...] |"
                + " etcd://[user:password@]host[:port][,...] | etcds://... |"
                + " consul://[:token@]host[:port][,...] | consuls://... [prefix=text] [timeout=time]"
                + " [on_unavailable=refuse | local] [node=name] [sync_interval=time]"
                + " [parameter=value ...]")
        .defaultText("file:state")
        .summary(
            "Where the state is that nodes share: zones and upstreams that are marked `store`, and"
                + " upstreams that are made at run time. With `file:` it is the `state_directory` of"
                + " this node alone. A change is answered when the store has it and this node serves"
                + " it; requests never wait for the store, and a start does not, either. Keys begin"
                + " with `prefix` (`turnout:`). What the store has not answered within `timeout`"
                + " (1s) counts as not answered. While the store is away changes are refused (503),"
                + " or, with `on_unavailable=local`, kept and written to it afterwards, unless"
                + " somebody else has changed the same. `node` is the name of this node, which no"
                + " other one may have. Nodes tell each other of zones with `sync` every"
                + " `sync_interval` (200ms), through Redis only. Redis also takes `wait=number`, of replicas that must have a"
                + " change before it is answered, Consul `token_file=file`, and all of them with TLS"
                + " `ssl_trusted_certificate=file`. The usual prefix is `/turnout/` in etcd and"
                + " `turnout/` in Consul.");
    http.beforeBuild(this::prepare);
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            if (setup != null) {
              sharing.stage(setup);
            }
          }

          @Override
          public void abandon() {
            close();
          }
        });
  }

  private void close() {
    if (opened != null) {
      opened.close();
    }
    if (remembered != null) {
      remembered.close();
    }
  }

  private void read(Directive d, Scope scope) {
    directive = d;
    String address = d.argument(0);
    if (address.startsWith("file:")) {
      if (d.argumentCount() > 1) {
        throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"")
            .withHelp("the files of the node are not shared");
      }
      state.useDirectory(d, Path.of(CoreModule.path(scope, address.substring(5))).normalize());
      return;
    }
    StoreEngine engine = engine(d, address);
    String prefix = engine.usualPrefix(address.substring(0, address.indexOf(':')));
    long timeout = USUAL_TIMEOUT;
    boolean keeps = false;
    String node = null;
    long sync = USUAL_SYNC;
    Map<String, String> others = new HashMap<>();
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      String value = equals < 0 ? "" : word.substring(equals + 1);
      switch (name) {
        case "prefix" -> prefix = prefix(d, i, value);
        case "timeout" -> timeout = time(d, i, "timeout", value, LEAST_TIMEOUT, MOST_TIMEOUT);
        case "sync_interval" -> sync = time(d, i, "sync_interval", value, LEAST_SYNC, MOST_SYNC);
        case "on_unavailable" -> keeps = keeps(d, i, value);
        case "node" -> {
          if (!value.matches(NAME)) {
            throw ConfigException.at(d, i, "invalid node name \"" + value + "\"")
                .withHelp("letters, digits, \".\", \"_\" and \"-\", up to 64");
          }
          node = value;
        }
        default -> {
          if (equals < 0 || !engine.parameters().contains(name)) {
            throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"")
                .suggesting(name, parameters(engine));
          }
          others.put(
              name,
              name.startsWith("ssl_") || name.endsWith("_file")
                  ? CoreModule.path(scope, value)
                  : value);
        }
      }
    }
    wanted =
        new Wanted(
            engine,
            new StoreSpec(address, prefix, Duration.ofMillis(timeout), others),
            node,
            keeps,
            sync);
    HttpRegistry registry = http;
    if (registry != null) {
      registry.changesState(true); // what was good last is remembered, whoever changes it
    }
  }

  private static List<String> parameters(StoreEngine engine) {
    List<String> all =
        new ArrayList<>(List.of("prefix", "timeout", "on_unavailable", "node", "sync_interval"));
    all.addAll(engine.parameters());
    return all;
  }

  private static StoreEngine engine(Directive d, String address) {
    int colon = address.indexOf(':');
    String scheme = colon < 0 ? "" : address.substring(0, colon);
    Set<String> known = new TreeSet<>(Set.of("file"));
    for (StoreEngine engine : StateStores.ENGINES) {
      if (engine.schemes().contains(scheme)) {
        return engine;
      }
      known.addAll(engine.schemes());
    }
    if (scheme.equals("rediss+cluster") || scheme.equals("rediss+sentinel")) {
      throw ConfigException.at(d, 0, "\"" + scheme + ":\" is not supported by \"state_store\"")
          .withHelp("TLS is there for one Redis: rediss://host");
    }
    // never the whole of it: there may be a password in it
    throw ConfigException.at(d, 0, "unknown kind of store \"" + scheme + ":\"")
        .withHelp("the kinds are " + String.join(":, ", known) + ":");
  }

  private static String prefix(Directive d, int i, String value) {
    if (value.isEmpty() || !value.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw ConfigException.at(d, i, "invalid prefix \"" + value + "\"")
          .withHelp("a prefix is visible ASCII and not empty, such as turnout:");
    }
    return value;
  }

  private static long time(Directive d, int i, String name, String value, long least, long most) {
    return Units.milliseconds(value).stream()
        .filter(millis -> millis >= least && millis <= most)
        .findFirst()
        .orElseThrow(() ->
            ConfigException.at(d, i, "invalid " + name + " value \"" + value + "\"")
                .withHelp("from " + least + "ms to " + most / 1000 + "s"));
  }

  private static boolean keeps(Directive d, int i, String value) {
    return switch (value) {
      case "refuse" -> false;
      case "local" -> true;
      default ->
          throw ConfigException.at(d, i, "invalid value \"" + value + "\" of \"on_unavailable\"")
              .withHelp("refuse or local");
    };
  }

  private void prepare() {
    Wanted now = wanted;
    Directive d = directive;
    HttpRegistry registry = http;
    Sharing.Setup present = sharing.present();
    if (registry == null) {
      return;
    }
    registry.syncedZones().decide(now == null ? "there is no store" : now.engine.refusesSync());
    if (now == null && present == null) {
      return;
    }
    if (now == null || d == null) {
      throw ConfigException.withoutPosition(
          "\"state_store\" cannot be taken away by a reload: start the node anew");
    }
    try {
      Layout layout = Layout.of(now.spec.prefix(), keyvals.shared());
      now.engine.check(now.spec, layout);
      if (present == null) {
        SharedStore store = now.engine.open(now.spec);
        opened = store;
        List<String> warnings = new ArrayList<>();
        StoreMemory memory = StoreMemory.in(file(registry), warnings);
        warnings.forEach(registry::warn);
        remembered = memory;
        setup = new Sharing.Setup(store, layout, now.node, now.keeps, now.syncMillis, memory, now);
      } else if (!present.said().equals(now)) {
        throw ConfigException.at(
            d, "\"state_store\" cannot be changed by a reload: start the node anew");
      } else {
        setup =
            new Sharing.Setup(
                present.store(),
                layout,
                now.node,
                now.keeps,
                now.syncMillis,
                present.memory(),
                now);
      }
    } catch (IllegalArgumentException e) {
      close();
      throw ConfigException.at(d, "invalid \"state_store\": " + e.getMessage());
    } catch (IOException e) {
      close();
      throw ConfigException.at(d, String.valueOf(e.getMessage()));
    }
  }

  private static StateStore file(HttpRegistry registry) throws IOException {
    Path directory = registry.environment().stateDirectory();
    return directory == null
        ? new MemoryStateStore()
        : FileStateStore.open("store", directory.resolve("store.json"));
  }
}
