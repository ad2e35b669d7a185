package dev.turnout.lua;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.MAIN;
import static dev.turnout.config.Context.SERVER;
import static dev.turnout.config.Context.SERVER_IF;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoader;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.control.ChangeWriter;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Product;
import dev.turnout.http.Slot;
import dev.turnout.http.Template;
import dev.turnout.http.Variables;
import dev.turnout.http.Verdict;
import dev.turnout.http.access.SatisfyModule;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.http.rewrite.RewriteModule;
import dev.turnout.log.ErrorLog;
import dev.turnout.lua.dict.SharedDictModule;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The directives of lua-nginx-module. Three places in the order of modules are its own: before
/// `rewrite`, after the access rules, and among the first filters.
public final class LuaModule implements HttpModule {
  private static final Context[] EVERYWHERE = {HTTP, SERVER, LOCATION, LOCATION_IF};
  private static final Context[] SETTERS = {SERVER, SERVER_IF, LOCATION, LOCATION_IF};

  private static final Setting<Boolean> CODE_CACHE = Setting.of("lua_code_cache", true);
  private static final Setting<Boolean> NEED_BODY = Setting.of("lua_need_request_body", false);
  private static final Setting<Boolean> UNDERSCORES =
      Setting.of("lua_transform_underscores_in_response_headers", true);
  private static final Setting<Boolean> DEFAULT_TYPE = Setting.of("lua_use_default_type", true);
  private static final Setting<Boolean> BUFFER_HTTP10 = Setting.of("lua_http10_buffering", true);
  private static final Setting<Boolean> CHECK_ABORT = Setting.of("lua_check_client_abort", false);
  private static final Setting<Boolean> REWRITE_AT_ONCE =
      Setting.of("rewrite_by_lua_no_postpone", false);
  private static final Setting<Boolean> ACCESS_AT_ONCE =
      Setting.of("access_by_lua_no_postpone", false);
  private static final Setting<Long> WATCHDOG = Setting.of("lua_watchdog", 0L);
  private static final Setting<Long> MEMORY = Setting.of("lua_memory_limit", 0L);
  private static final Setting<Integer> PENDING_TIMERS = Setting.of("lua_max_pending_timers", 1024);
  private static final Setting<Integer> RUNNING_TIMERS = Setting.of("lua_max_running_timers", 256);
  private static final Setting<Integer> THREAD_CACHE =
      Setting.of("lua_thread_cache_max_entries", 1024);
  private static final Setting<Integer> MALLOC_TRIM = Setting.of("lua_malloc_trim", 1000);
  private static final Setting<Boolean> SA_RESTART = Setting.of("lua_sa_restart", true);
  private static final Map<LuaPhase, Setting<@Nullable LuaChunk>> CHUNKS =
      new EnumMap<>(LuaPhase.class);

  static {
    for (LuaPhase phase : LuaPhase.values()) {
      CHUNKS.put(phase, Setting.of(phase.directive(), null));
    }
  }

  private final CoreModule core;
  private final Supplier<String> configured;
  private final RewriteModule rewrites;
  private final SatisfyModule satisfy;
  private final SharedDictModule dicts;
  private final UpstreamModule upstreams;
  private final ChangeWriter writer;
  private @Nullable HttpRegistry http;
  private @Nullable Slot<LuaSettings> settings;
  private @Nullable LuaProgram program;
  private @Nullable Scope main;
  private @Nullable Scope blockHttp;
  private @Nullable Slot<SocketSettings> socketSettings;

  /// @param configured what `ngx.config.nginx_configure` answers
  public LuaModule(
      CoreModule core,
      RewriteModule rewrites,
      SatisfyModule satisfy,
      SharedDictModule dicts,
      UpstreamModule upstreams,
      ChangeWriter writer,
      Supplier<String> configured) {
    this.configured = configured;
    this.dicts = dicts;
    this.upstreams = upstreams;
    this.writer = writer;
    this.core = core;
    this.satisfy = satisfy;
    this.rewrites = rewrites;
  }

  private static Setting<@Nullable LuaChunk> setting(LuaPhase phase) {
    return Objects.requireNonNull(CHUNKS.get(phase));
  }

  private HttpRegistry http() {
    return Objects.requireNonNull(http, "the module of Lua is not registered");
  }

  /// What runs before the directives of `rewrite`.
  public HttpModule before() {
    return registry -> {
      registry.phase(Phase.SERVER_REWRITE, this::serverRewrite);
      registry.phase(Phase.REWRITE, scope -> early(scope) ? rewrite(scope) : null);
      registry.phase(Phase.ACCESS, scope -> scope.get(ACCESS_AT_ONCE) ? access(scope) : null);
    };
  }

  private static boolean early(Scope scope) {
    return scope.get(REWRITE_AT_ONCE);
  }

  /// What looks at responses.
  public HttpModule filters() {
    return registry -> registry.filter(scope -> LuaFilter.make(program, scope));
  }

  static @Nullable LuaChunk chunk(Scope scope, LuaPhase phase) {
    return scope.get(setting(phase));
  }

  // ---- the directives

  @Override
  public void register(HttpRegistry registry) {
    http = registry;
    settings = registry.keep(LuaModule::settings);
    flags(registry);
    processWide(registry);
    socketSettings = LuaLibraries.register(registry);
    inPhases(registry);
    setters(registry);
    content();
    registry.phase(Phase.REWRITE, scope -> early(scope) ? null : rewrite(scope));
    registry.phase(Phase.ACCESS, scope -> scope.get(ACCESS_AT_ONCE) ? null : access(scope));
    registry.phase(Phase.PRECONTENT, scope -> handler(scope, LuaPhase.PRECONTENT));
    registry.log(this::logs);
    registry.afterBuild(_ -> open());
    registry.pending(new Effect());
  }

  private static LuaSettings settings(Scope scope) {
    return new LuaSettings(
        scope.get(CODE_CACHE),
        scope.get(NEED_BODY),
        scope.get(UNDERSCORES),
        scope.get(DEFAULT_TYPE),
        scope.get(BUFFER_HTTP10),
        scope.get(CHECK_ABORT),
        chunk(scope, LuaPhase.HEADER_FILTER),
        chunk(scope, LuaPhase.BODY_FILTER) != null);
  }

  private static void flags(HttpRegistry http) {
    http.directive("lua_code_cache")
        .in(EVERYWHERE)
        .flag(
            CODE_CACHE,
            (d, scope) -> {
              if (!scope.get(CODE_CACHE)) {
                scope.alert(d, "lua_code_cache is off; this will hurt performance");
              }
            })
        .defaultText("on")
        .summary("Keeps what scripts have loaded; without, each request has a Lua of its own.");
    http.directive("lua_need_request_body")
        .in(EVERYWHERE)
        .flag(NEED_BODY)
        .defaultText("off")
        .summary("Reads the body of the request before a script runs.");
    http.directive("lua_transform_underscores_in_response_headers")
        .in(EVERYWHERE)
        .flag(UNDERSCORES)
        .defaultText("on")
        .summary("Takes `_` for `-` in the names that `ngx.header` is asked for.");
    http.directive("lua_use_default_type")
        .in(EVERYWHERE)
        .flag(DEFAULT_TYPE)
        .defaultText("on")
        .summary("Gives what scripts write the media type of `types` and `default_type`.");
    http.directive("lua_http10_buffering")
        .in(EVERYWHERE)
        .flag(BUFFER_HTTP10)
        .defaultText("on")
        .summary("Holds what scripts write for clients of HTTP/1.0 until its length is known.");
    http.directive("lua_check_client_abort")
        .in(EVERYWHERE)
        .flag(CHECK_ABORT)
        .defaultText("off")
        .summary("Ends scripts whose client has gone away; `ngx.on_abort` is told.");
    http.directive("rewrite_by_lua_no_postpone")
        .in(HTTP)
        .flag(REWRITE_AT_ONCE)
        .defaultText("off")
        .summary("Runs `rewrite_by_lua` before the directives of `rewrite` instead of after them.");
    http.directive("access_by_lua_no_postpone")
        .in(HTTP)
        .flag(ACCESS_AT_ONCE)
        .defaultText("off")
        .summary("Runs `access_by_lua` before the other access rules instead of after them.");
  }

  private void processWide(HttpRegistry http) {
    http.directive("lua_package_path")
        .in(HTTP)
        .read((d, scope) -> program(d, scope).config("package_path", quoted(withPrefix(d, scope))))
        .syntax("path")
        .summary("Where `require` looks for modules in Lua; `;;` stands for the default.");
    http.directive("lua_package_cpath")
        .in(HTTP)
        .read((d, scope) -> program(d, scope).config("package_cpath", quoted(withPrefix(d, scope))))
        .syntax("path")
        .summary("Where `require` looks for modules in C; `;;` stands for the default.");
    limits(http);
    ThreadPools.register(http);
    once(
        LuaPhase.INIT,
        "Runs when the configuration is read: once in each event loop's Lua, before any request.",
        LuaProgram::init);
    once(
        LuaPhase.INIT_WORKER,
        "Runs once on each event loop when the configuration takes effect.",
        LuaProgram::initWorker);
    once(
        LuaPhase.EXIT_WORKER,
        "Runs once on each event loop when the configuration has been replaced and its last request"
            + " is over.",
        LuaProgram::exitWorker);
  }

  private static void limits(HttpRegistry http) {
    http.directive("lua_watchdog")
        .in(HTTP)
        .time(WATCHDOG)
        .defaultText("0")
        .summary(
            "Stops a script that keeps its event loop so long; 0 for never. With it scripts are"
                + " interpreted, not compiled: what is compiled cannot be stopped.");
    http.directive("lua_memory_limit")
        .in(HTTP)
        .offset(MEMORY)
        .defaultText("0")
        .summary(
            "Stops a script while the Lua of its event loop has more than that in use; 0 for no"
                + " limit. With it scripts are interpreted, not compiled.");
    http.directive("lua_max_pending_timers")
        .in(HTTP)
        .number(PENDING_TIMERS, 0, Integer.MAX_VALUE)
        .defaultText("1024")
        .summary("How many timers may be set at once on an event loop.");
    http.directive("lua_max_running_timers")
        .in(HTTP)
        .number(RUNNING_TIMERS, 0, Integer.MAX_VALUE)
        .defaultText("256")
        .summary("How many timers may run at once on an event loop.");
    http.directive("lua_thread_cache_max_entries")
        .in(HTTP)
        .number(THREAD_CACHE, 0, Integer.MAX_VALUE)
        .defaultText("1024")
        .summary("How many coroutines are kept for later requests.")
        .differs("As many are kept as were in use at once, 1024 at most.");
    http.directive("lua_malloc_trim")
        .in(HTTP)
        .number(MALLOC_TRIM, 0, Integer.MAX_VALUE)
        .defaultText("1000")
        .summary("Gives memory back to the system after so many requests.")
        .differs("The memory of Lua is its own; nothing is done.");
    http.directive("lua_sa_restart")
        .in(HTTP)
        .flag(SA_RESTART)
        .defaultText("on")
        .summary("Restarts system calls that a signal has interrupted.")
        .differs("They always are.");
  }

  /// `$prefix` stands for the directory that the node was started with.
  private static String withPrefix(Directive d, Scope scope) {
    String prefix = scope.get(ConfigLoader.PREFIX);
    return d.argument(0).replace("${prefix}", prefix).replace("$prefix", prefix);
  }

  private void once(LuaPhase phase, String summary, BiConsumer<LuaProgram, LuaChunk> keep) {
    Setting<Boolean> seen = Setting.local(phase.directive(), false);
    Reading read =
        (d, scope, chunk) -> {
          if (scope.get(seen)) {
            throw ConfigException.directive(d, "is duplicate");
          }
          scope.set(seen, true);
          keep.accept(program(d, scope), chunk);
        };
    directives(phase, new Context[] {HTTP}, summary, read);
  }

  private interface Reading {
    void take(Directive d, Scope scope, LuaChunk chunk);
  }

  /// The forms of one directive: quoted, as a block, and in a file.
  private void directives(LuaPhase phase, Context[] contexts, String summary, Reading reading) {
    String name = phase.directive();
    boolean quotedForm =
        phase != LuaPhase.EXIT_WORKER
            && phase != LuaPhase.SERVER_REWRITE
            && phase != LuaPhase.PRECONTENT
            && phase != LuaPhase.BALANCER;
    if (quotedForm) {
      http()
          .directive(name)
          .in(contexts)
          .read((d, scope) -> reading.take(d, scope, inline(phase, d, scope, d.argument(0))))
          .syntax("script")
          .summary(summary);
    }
    http()
        .directive(name + "_block")
        .in(contexts)
        .rawBlock((d, scope) -> reading.take(d, scope, inline(phase, d, scope, last(d))))
        .summary(summary);
    http()
        .directive(name + "_file")
        .in(contexts)
        .read((d, scope) -> reading.take(d, scope, file(phase, d, scope, 0)))
        .syntax("path")
        .summary(summary);
  }

  private void inPhases(HttpRegistry http) {
    Reading keep =
        (d, scope, chunk) -> {
          Setting<@Nullable LuaChunk> setting = setting(chunk.phase());
          if (scope.isSet(setting)) {
            throw ConfigException.directive(d, "is duplicate");
          }
          scope.set(setting, chunk);
        };
    directives(
        LuaPhase.SERVER_REWRITE,
        new Context[] {HTTP, SERVER},
        "Runs for each request before its location is looked for.",
        keep);
    directives(LuaPhase.REWRITE, EVERYWHERE, "Runs after the directives of `rewrite`.", keep);
    directives(LuaPhase.ACCESS, EVERYWHERE, "Runs after the other access rules.", keep);
    directives(LuaPhase.PRECONTENT, EVERYWHERE, "Runs before the content is made.", keep);
    directives(LuaPhase.HEADER_FILTER, EVERYWHERE, "Looks at the head of each response.", keep);
    directives(
        LuaPhase.BODY_FILTER, EVERYWHERE, "Looks at each part of the body of a response.", keep);
    directives(
        LuaPhase.BALANCER,
        new Context[] {UPSTREAM},
        "Chooses the server of each attempt with `ngx.balancer`.",
        (d, scope, chunk) -> {
          Directive upstream = scope.directive();
          if (upstream == null) {
            throw ConfigException.directive(d, "is not allowed here");
          }
          http.chooser(upstream.argument(0), new LuaBalancer(program(d, scope), chunk));
        });
    directives(LuaPhase.LOG, EVERYWHERE, "Runs when a request is logged.", keep);
  }

  private void content() {
    directives(
        LuaPhase.CONTENT,
        new Context[] {LOCATION, LOCATION_IF},
        "Answers requests.",
        (d, scope, chunk) ->
            scope.set(
                HttpRegistry.CONTENT,
                place -> {
                  LuaProgram mine = program(d, scope);
                  boolean needsBody = place.get(NEED_BODY);
                  return exchange -> {
                    if (needsBody && !exchange.body().isComplete()) {
                      exchange
                          .body()
                          .read(() -> {
                            Verdict _ = mine.run(exchange, chunk);
                          });
                    } else {
                      Verdict _ = mine.run(exchange, chunk);
                    }
                  };
                }));
  }

  private void setters(HttpRegistry http) {
    String summary = "Assigns what a script returns to a variable, among the others of `rewrite`.";
    http.directive("set_by_lua")
        .in(SETTERS)
        .atLeast(2)
        .repeatable()
        .read((d, scope) ->
            assign(d, scope, inline(LuaPhase.SET, d, scope, d.argument(1)), 2, d.argumentCount()))
        .syntax("$variable script [argument ...]")
        .summary(summary);
    http.directive("set_by_lua_block")
        .in(SETTERS)
        .arguments(1)
        .repeatable()
        .rawBlock((d, scope) -> assign(d, scope, inline(LuaPhase.SET, d, scope, last(d)), 2, 2))
        .syntax("$variable")
        .summary(summary);
    http.directive("set_by_lua_file")
        .in(SETTERS)
        .atLeast(2)
        .repeatable()
        .read((d, scope) -> assign(d, scope, file(LuaPhase.SET, d, scope, 1), 2, d.argumentCount()))
        .syntax("$variable path [argument ...]")
        .summary(summary);
  }

  private void assign(Directive d, Scope scope, LuaChunk chunk, int from, int to) {
    Variables.Setter variable = rewrites.target(d);
    Template[] arguments = new Template[Math.max(0, to - from)];
    for (int i = from; i < to; i++) {
      arguments[i - from] = http().template(d, i);
    }
    LuaProgram mine = program(d, scope);
    RewriteModule.run(
        scope,
        exchange -> {
          LuaRun run = mine.run(exchange);
          if (arguments.length > 0) {
            String[] values = new String[arguments.length];
            for (int i = 0; i < values.length; i++) {
              values[i] = arguments[i].evaluate(exchange);
            }
            run.arguments(values);
          }
          if (!mine.call(run, chunk, arguments.length)) {
            return false;
          }
          String value = run.vm().result();
          variable.set(exchange, value == null ? "" : value);
          return true;
        });
  }

  // ---- the handlers

  private @Nullable PhaseHandler serverRewrite(Scope scope) {
    return scope.context() == SERVER ? handler(scope, LuaPhase.SERVER_REWRITE) : null;
  }

  private @Nullable PhaseHandler rewrite(Scope scope) {
    PhaseHandler handler = scope.context() == SERVER ? null : handler(scope, LuaPhase.REWRITE);
    if (handler != null && scope.context() == LOCATION_IF && early(scope)) {
      return _ -> Verdict.CONTINUE; // that of the location around it has run
    }
    return handler;
  }

  private @Nullable PhaseHandler access(Scope scope) {
    PhaseHandler script = handler(scope, LuaPhase.ACCESS);
    LuaProgram mine = program;
    if (script == null || mine == null) {
      return null;
    }
    SatisfyModule.Rules rules = satisfy.rules(scope);
    return exchange -> {
      if (rules.areSatisfied(exchange)) {
        return Verdict.CONTINUE;
      }
      mine.run(exchange).rules(rules);
      return script.handle(exchange);
    };
  }

  private @Nullable PhaseHandler handler(Scope scope, LuaPhase phase) {
    LuaChunk chunk = chunk(scope, phase);
    LuaProgram mine = program;
    if (chunk == null || mine == null) {
      return null;
    }
    boolean rewriting = phase == LuaPhase.SERVER_REWRITE || phase == LuaPhase.REWRITE;
    if (!scope.get(NEED_BODY) || phase == LuaPhase.SERVER_REWRITE) {
      return exchange ->
          rewriting && exchange.isPathChanged() // that was for another location
              ? Verdict.CONTINUE
              : mine.run(exchange, chunk);
    }
    return exchange -> {
      if (rewriting && exchange.isPathChanged()) {
        return Verdict.CONTINUE;
      }
      if (exchange.body().isComplete() || !exchange.body().isPresent()) {
        exchange.body().read(() -> {});
        return mine.run(exchange, chunk);
      }
      exchange
          .body()
          .read(() -> {
            if (mine.run(exchange, chunk) == Verdict.CONTINUE) {
              exchange.resume();
            }
          });
      return Verdict.SUSPENDED;
    };
  }

  private dev.turnout.http.@Nullable LogHandler logs(Scope scope) {
    LuaChunk chunk = chunk(scope, LuaPhase.LOG);
    LuaProgram mine = program;
    if (chunk == null || mine == null) {
      return null;
    }
    return exchange -> {
      boolean _ = mine.call(mine.run(exchange), chunk, 0);
    };
  }

  // ---- the program

  /// The Lua of this configuration; made when the first of its directives is read.
  LuaProgram program(Directive d, Scope scope) {
    LuaProgram made = program;
    if (made == null) {
      String trouble = LuaLibrary.trouble();
      if (trouble != null) {
        throw ConfigException.at(
                d, "\"" + d.name() + "\" cannot be used here: there is no LuaJIT: " + trouble)
            .withHelp("name a LuaJIT of this system with -Dturnout.luajit=FILE");
      }
      String prefix = scope.get(ConfigLoader.PREFIX);
      made =
          new LuaProgram(
              http(),
              Objects.requireNonNull(settings),
              writer,
              prefix.endsWith("/") ? prefix : prefix + "/");
      made.config("prefix", quoted(prefix.endsWith("/") ? prefix : prefix + "/"));
      made.config("nginx_version", Integer.toString(nginxVersion()));
      made.config("ngx_lua_version", "10028");
      made.config("configure", quoted(configured.get()));
      program = made;
      main = scope.enclosing(MAIN);
      blockHttp = scope.enclosing(HTTP);
    }
    return made;
  }

  /// As nginx counts it: 1031005 for 1.31.5.
  private static int nginxVersion() {
    int number = 0;
    for (String part : Product.NGINX_VERSION.split("\\.", -1)) {
      number = number * 1000 + Integer.parseInt(part);
    }
    return number;
  }

  private LuaChunk inline(LuaPhase phase, Directive d, Scope scope, String source) {
    if (source.isEmpty()) {
      throw ConfigException.at(d, "invalid location config: no runnable Lua code");
    }
    return program(d, scope)
        .inline(phase, d, source, ChunkNames.of(phase.directive(), d.end(), scope));
  }

  private LuaChunk file(LuaPhase phase, Directive d, Scope scope, int argument) {
    return program(d, scope).file(phase, d, http().template(d, argument));
  }

  private static String last(Directive d) {
    return d.argument(d.argumentCount() - 1);
  }

  static String quoted(String text) {
    StringBuilder out = new StringBuilder("'");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\'' || c == '\\' || c < ' ') {
        out.append('\\').append(String.format("%03d", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('\'').toString();
  }

  private void open() {
    LuaProgram made = program;
    Scope outermost = main;
    if (made != null && outermost != null) {
      ErrorLog log = core.errorLog(outermost);
      Scope block = Objects.requireNonNull(blockHttp, "scripts outside of http");
      made.limits(
          new LuaLimits(
              block.get(WATCHDOG) * 1_000_000,
              block.get(MEMORY),
              block.get(PENDING_TIMERS),
              block.get(RUNNING_TIMERS)));
      made.dicts(dicts.dicts(), dicts.zones());
      made.sockets(Objects.requireNonNull(socketSettings), LuaLibraries.socketSettings(block));
      made.servers((name, content) -> upstreams.read(name, content, block));
      made.regexes(LuaLibraries.regexCache(block), LuaLibraries.regexLimit(block));
      made.threads(ThreadPools.threads(made, outermost, block));
      made.open(log, http().environment().isStrict());
    }
  }

  /// The program takes effect with its configuration, or is given up with it.
  private final class Effect implements HttpRegistry.Pending {
    private LuaPrograms programs() {
      return http().environment().kept(LuaPrograms.class, _ -> new LuaPrograms());
    }

    @Override
    public void activate() {
      programs().activate(program);
    }

    @Override
    public void abandon() {
      LuaProgram made = program;
      if (made != null) {
        made.abandon();
      }
    }

    @Override
    public void retire() {
      LuaProgram made = program;
      if (made != null) {
        made.retire();
      }
    }
  }
}
