package dev.turnout.lua.dict;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Units;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.rewrite.KeyvalModule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `lua_shared_dict`: the dictionaries of a configuration. One that keeps its name and size over a
/// reload keeps its content.
public final class SharedDictModule implements HttpModule {
  private static final String USE = "lua_shared_dict";
  private static final long SMALLEST = 8192;

  private final CoreModule core;
  private final KeyvalModule keyvals;
  private final Map<String, Declared> declared = new LinkedHashMap<>();
  private final Map<String, SharedDict> dicts = new LinkedHashMap<>();
  private final Map<String, KeyvalModule.Declared> zones = new LinkedHashMap<>();
  private final List<DictKeeper> keepers = new ArrayList<>();

  private record Declared(long size, @Nullable Path state, Scope scope) {}

  /// @param keyvals knows the zones that dictionaries may stand for
  public SharedDictModule(CoreModule core, KeyvalModule keyvals) {
    this.core = core;
    this.keyvals = keyvals;
  }

  /// The dictionaries, once the configuration is read.
  public Map<String, SharedDict> dicts() {
    return Collections.unmodifiableMap(dicts);
  }

  /// The dictionaries that are key-value zones, by the names that scripts have for them.
  public Map<String, KeyvalModule.Declared> zones() {
    return Collections.unmodifiableMap(zones);
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("lua_shared_dict")
        .in(HTTP)
        .arguments(2, 3)
        .repeatable()
        .read((d, scope) -> read(http, d, scope))
        .syntax("name size [state=file | keyval=zone]")
        .summary(
            "A table `ngx.shared.name` that all loops share, of a size in which nginx would hold as"
                + " much. It outlives a reload that keeps its name and size. With `state` it is"
                + " written to that file a second after a change and at the end, and read at start."
                + " With `keyval` it is a key-value zone: what a script sets there is a change as"
                + " any other, answered when it is on disk and in force.")
        .differs("`state=` and `keyval=` are Turnout's. A relative `state` begins at the prefix.");
    http.beforeBuild(() -> prepare(http));
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            DictKeepers present =
                http.environment().kept(DictKeepers.class, _ -> new DictKeepers());
            declared.values().stream()
                .findFirst()
                .ifPresentOrElse(
                    any -> present.replace(keepers, core.errorLog(any.scope())), present::close);
          }

          @Override
          public void abandon() {
            // nothing was begun
          }
        });
  }

  private void read(HttpRegistry http, Directive d, Scope scope) {
    String name = d.argument(0);
    if (name.isEmpty()) {
      throw ConfigException.at(d, 0, "invalid lua shared dict name \"" + name + "\"");
    }
    OptionalLong size = Units.size(d.argument(1));
    if (size.isEmpty() || size.getAsLong() < SMALLEST) {
      throw ConfigException.at(d, 1, "invalid lua shared dict size \"" + d.argument(1) + "\"")
          .withHelp("a size is 64k or 10m, and at least 8k");
    }
    if (declared.containsKey(name) || zones.containsKey(name)) {
      throw ConfigException.at(
          d, 0, "lua_shared_dict \"" + name + "\" is already defined as \"" + name + "\"");
    }
    http.sharedZones().claim(d, 0, name, USE);
    Path state = null;
    if (d.argumentCount() == 3) {
      String word = d.argument(2);
      if (word.startsWith("keyval=") && word.length() > 7) {
        zones.put(name, keyvals.find(word.substring(7)));
        return;
      }
      if (!word.startsWith("state=") || word.length() == 6) {
        throw ConfigException.at(d, 2, "invalid parameter \"" + word + "\"")
            .withHelp("state=file or keyval=zone");
      }
      state = Path.of(CoreModule.path(scope, word.substring(6))).normalize();
      refuseTwice(d, state);
    }
    declared.put(name, new Declared(size.getAsLong(), state, scope));
  }

  private void refuseTwice(Directive d, Path state) {
    declared.forEach((other, at) -> {
      if (state.equals(at.state())) {
        throw ConfigException.at(
            d, 2, "the file of lua_shared_dict \"" + other + "\" is \"" + state + "\", too");
      }
    });
  }

  private void prepare(HttpRegistry http) {
    declared.forEach((name, mine) -> {
      boolean[] fresh = new boolean[1];
      SharedDict dict =
          http.sharedZones()
              .content(
                  name,
                  USE,
                  mine.size(),
                  "",
                  SharedDict.class,
                  size -> {
                    fresh[0] = true;
                    return new SharedDict(name, size, System::currentTimeMillis);
                  });
      dicts.put(name, dict);
      Path state = mine.state();
      if (state != null) {
        keepers.add(keeper(http, dict, new DictFile(state), fresh[0], mine.scope()));
      }
    });
  }

  private DictKeeper keeper(
      HttpRegistry http, SharedDict dict, DictFile file, boolean fresh, Scope scope) {
    boolean damaged = false;
    long written = fresh ? 0 : -1; // what was not in this file is written there
    if (fresh) {
      try {
        int lost = 0;
        for (SharedDict.Item entry : file.read()) {
          lost += dict.restore(entry) ? 0 : 1;
        }
        if (lost > 0) {
          http.warn(
              USE
                  + " \""
                  + dict.name()
                  + "\": "
                  + lost
                  + " entries of \""
                  + file.path()
                  + "\" do not fit");
        }
        written = dict.changes();
      } catch (DictFile.Damaged e) {
        damaged = true;
        http.warn(
            USE
                + " \""
                + dict.name()
                + "\" begins empty: "
                + e.getMessage()
                + "; it is kept with \".damaged\" behind its name");
      } catch (IOException e) {
        throw ConfigException.withoutPosition(
            USE + " \"" + dict.name() + "\": \"" + file.path() + "\" cannot be read: " + e);
      }
    }
    return new DictKeeper(dict, file, written, damaged, core.errorLog(scope));
  }
}
