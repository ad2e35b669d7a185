package dev.turnout.lua;

import dev.turnout.cluster.KeyvalZone;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.control.ChangeWriter;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Slot;
import dev.turnout.http.Template;
import dev.turnout.http.Verdict;
import dev.turnout.http.rewrite.KeyvalModule;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.lua.dict.SharedDict;
import dev.turnout.net.Worker;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// All Lua of one configuration: its scripts, and a VM for each loop. Filled while the
/// configuration is read; then only the VMs change, each on its loop.
public final class LuaProgram {
  private static final long STACK = 64L << 20;
  private static final long BEGIN_SECONDS = 30;

  private final HttpRegistry http;
  private final Slot<LuaSettings> settings;
  private final ExchangeSlot<LuaRun> runs;
  private final String prefix;
  private final List<LuaChunk> chunks = new ArrayList<>();
  private final List<Directive> places = new ArrayList<>();
  private final List<String> config = new ArrayList<>();
  private final AtomicInteger open = new AtomicInteger();
  private @Nullable LuaChunk init;
  private @Nullable LuaChunk initWorker;
  private @Nullable LuaChunk exitWorker;
  private final ChangeWriter writer;
  private LuaVm[] vms = {};
  private SharedDict[] dicts = {};
  private int regexLimit;
  private @Nullable ServerReader servers;
  private @Nullable Slot<SocketSettings> socketSlot;
  private @Nullable SocketSettings socketSettings;
  private KeyvalModule.Declared[] zones = {};
  private @Nullable ErrorLog log;
  private volatile boolean active;
  private boolean strict;
  private LuaLimits limits = new LuaLimits(0, 0, 1024, 256);
  private @Nullable LuaWatchdog watchdog;
  private @Nullable LuaWorkerThreads threads;

  LuaProgram(HttpRegistry http, Slot<LuaSettings> settings, ChangeWriter writer, String prefix) {
    this.writer = writer;
    this.http = http;
    this.settings = settings;
    this.prefix = prefix;
    this.runs = http.exchangeSlot();
  }

  // ---- while the configuration is read

  /// The modules' registry of this configuration.
  public HttpRegistry http() {
    return http;
  }

  Slot<LuaSettings> settings() {
    return settings;
  }

  /// Adds a script whose text is in the configuration.
  LuaChunk inline(LuaPhase phase, Directive d, String source, String name) {
    LuaChunk chunk = new LuaChunk(chunks.size(), phase, name, source, null);
    chunks.add(chunk);
    places.add(d);
    return chunk;
  }

  /// Adds a script that is in a file.
  LuaChunk file(LuaPhase phase, Directive d, Template path) {
    LuaChunk chunk = new LuaChunk(chunks.size(), phase, "", null, path);
    chunks.add(chunk);
    places.add(d);
    return chunk;
  }

  /// Adds `name=value` to what scripts of parts find in `T.config`; the value is Lua.
  public void config(String name, String lua) {
    config.add(name + "=" + lua);
  }

  /// The single writer of what changes at run time.
  ChangeWriter writer() {
    return writer;
  }

  /// The dictionaries that scripts find in `ngx.shared`.
  void dicts(Map<String, SharedDict> declared, Map<String, KeyvalModule.Declared> asZones) {
    dicts = declared.values().toArray(new SharedDict[0]);
    zones = asZones.values().toArray(new KeyvalModule.Declared[0]);
    config("dicts", indexes(declared.keySet()));
    config("zones", indexes(asZones.keySet()));
  }

  private static String indexes(Set<String> names) {
    StringBuilder table = new StringBuilder("{");
    int index = 0;
    for (String name : names) {
      table.append('[').append(LuaModule.quoted(name)).append("]=").append(index++).append(',');
    }
    return table.append('}').toString();
  }

  /// What holds for the regular expressions of scripts.
  void regexes(int cached, int limit) {
    config("regex_cache", Integer.toString(cached));
    regexLimit = limit;
  }

  int regexLimit() {
    return regexLimit;
  }

  /// Reads the content of an `upstream` block as scripts write it; may wait.
  interface ServerReader {
    UpstreamSpec read(String name, String content);
  }

  void servers(ServerReader reader) {
    servers = reader;
  }

  ServerReader servers() {
    return Objects.requireNonNull(servers);
  }

  /// What holds for the sockets of scripts: in a location, or where there is none.
  void sockets(Slot<SocketSettings> ofLocation, SocketSettings ofBlock) {
    socketSlot = ofLocation;
    socketSettings = ofBlock;
  }

  SocketSettings sockets(@Nullable Exchange exchange) {
    return exchange == null || socketSlot == null
        ? Objects.requireNonNull(socketSettings)
        : exchange.location().get(socketSlot);
  }

  SharedDict dict(int index) {
    return dicts[index];
  }

  KeyvalZone zone(int index) {
    return zones[index].zone();
  }

  void threads(LuaWorkerThreads beside) {
    threads = beside;
  }

  /// Where functions of modules run beside the loops.
  LuaWorkerThreads threads() {
    return Objects.requireNonNull(threads);
  }

  String configTable() {
    return "{" + String.join(",", config) + "}";
  }

  void init(LuaChunk chunk) {
    init = chunk;
  }

  void initWorker(LuaChunk chunk) {
    initWorker = chunk;
  }

  void exitWorker(LuaChunk chunk) {
    exitWorker = chunk;
  }

  @Nullable LuaChunk init() {
    return init;
  }

  @Nullable LuaChunk initWorker() {
    return initWorker;
  }

  @Nullable LuaChunk exitWorker() {
    return exitWorker;
  }

  // ---- its life

  /// Makes the VMs, compiles all scripts and runs `init_by_lua`.
  ///
  /// @param strict a script that cannot be compiled is an error of the configuration
  /// @throws ConfigException if the configuration must not be used
  void open(ErrorLog log, boolean strict) {
    this.log = log;
    this.strict = strict;
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .name("lua-init")
        .daemon()
        .stackSize(STACK) // as the loops have it: scripts may nest deeply
        .start(() -> {
          try {
            openAll();
            done.complete(null);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    try {
      done.join();
    } catch (CompletionException e) {
      abandon();
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw e;
    }
  }

  private void openAll() {
    List<Worker> workers = http.environment().workers().all();
    vms = new LuaVm[workers.size()];
    for (int i = 0; i < vms.length; i++) {
      LuaVm vm = made(workers.get(i));
      open.incrementAndGet();
      vms[i] = vm;
      prepare(vm, i == 0);
    }
  }

  /// Compiles what there is and runs `init_by_lua`.
  private void prepare(LuaVm vm, boolean first) {
    LuaRun run = new LuaRun(vm, LuaPhase.INIT, "");
    try {
      for (LuaChunk chunk : chunks) {
        if (chunk.source() != null && chunk.phase() != LuaPhase.INIT && vm.ready(chunk, run) < 0) {
          refuse(chunk, String.valueOf(vm.result()), first);
        }
      }
      LuaChunk begin = init;
      if (begin != null) {
        int index = vm.ready(begin, run);
        if (index < 0 || !run.call(LuaPhase.INIT, index, 0)) {
          throw ConfigException.withoutPosition(name(begin) + " error: " + vm.result());
        }
      }
    } finally {
      run.release();
    }
  }

  private void refuse(LuaChunk chunk, String error, boolean first) {
    String message = "failed to load inlined Lua code: " + error;
    Directive at = places.get(chunk.index());
    if (strict) {
      throw ConfigException.at(at, message);
    }
    if (first) {
      http.warn(message + " in " + at.end());
    }
  }

  /// The main error log.
  ErrorLog log() {
    ErrorLog there = log;
    if (there == null) {
      throw new IllegalStateException("the program is not open");
    }
    return there;
  }

  /// It takes effect: the VMs belong to their loops now, and `init_worker_by_lua` runs in each.
  void activate() {
    active = true;
    onLoops(vm -> begin(vm));
  }

  private void begin(LuaVm vm) {
    LuaChunk chunk = initWorker;
    if (chunk != null) {
      callBeside(vm, chunk, LuaPhase.INIT_WORKER);
    }
  }

  private void callBeside(LuaVm vm, LuaChunk chunk, LuaPhase phase) {
    String context = phase == LuaPhase.EXIT_WORKER ? "" : ", context: " + phase.directive() + "*";
    LuaRun run = new LuaRun(vm, phase, context);
    try {
      int index = vm.ready(chunk, run);
      if (index < 0) {
        log().logVerbatim(Level.ERROR, 0, name(chunk) + " error: " + vm.result());
      } else if (!run.call(phase, index, 0)) {
        log().logVerbatim(Level.ERROR, 0, name(chunk) + " error: " + vm.result());
      }
    } finally {
      run.release();
    }
  }

  private static String name(LuaChunk chunk) {
    String directive = chunk.phase().directive();
    return chunk.source() == null ? directive + "_file" : directive;
  }

  /// What the work of a VM is, done on its loop.
  private interface OnLoop {
    void act(LuaVm vm);
  }

  private void onLoops(OnLoop work) {
    List<CompletableFuture<@Nullable Void>> all = new ArrayList<>();
    for (LuaVm vm : vms) {
      Worker worker = vm.worker();
      if (worker == null) {
        continue;
      }
      CompletableFuture<@Nullable Void> one = new CompletableFuture<>();
      try {
        worker
            .loop()
            .execute(() -> {
              try {
                work.act(vm);
              } finally {
                one.complete(null);
              }
            });
        all.add(one);
      } catch (RejectedExecutionException _) {
        // the loop has ended
      }
    }
    try {
      CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]))
          .get(BEGIN_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      log().log(Level.ALERT, "a loop does not come back from its scripts");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Another configuration has taken effect: scripts can see that they are to come to an end.
  void superseded() {
    onLoops(LuaVm::announceEnd);
  }

  /// Its last request is over: the VMs are closed as soon as their timers are over, too.
  void retire() {
    closeThreads();
    onLoops(vm -> {
      LuaChunk chunk = exitWorker;
      if (chunk != null) {
        callBeside(vm, chunk, LuaPhase.EXIT_WORKER);
      }
      vm.leave();
    });
  }

  /// It is given up before it took effect.
  void abandon() {
    closeThreads();
    for (LuaVm vm : vms) {
      if (vm != null) {
        vm.close();
      }
    }
    vms = new LuaVm[0];
  }

  private void closeThreads() {
    LuaWorkerThreads beside = threads;
    if (beside != null) {
      beside.close();
    }
  }

  void leftLoop(LuaVm vm) {
    open.decrementAndGet();
  }

  boolean isActive() {
    return active;
  }

  // ---- for an exchange

  /// The path of the file that a script is in.
  String path(LuaChunk chunk, LuaRun run) {
    Template file = chunk.file();
    if (file == null) {
      throw new IllegalStateException("a script in no file");
    }
    String name = file.isConstant() ? file.toString() : file.evaluate(run.requireExchange());
    return name.startsWith("/") ? name : prefix + name;
  }

  /// The scripts of this exchange.
  LuaRun run(Exchange exchange) {
    LuaRun run = exchange.get(runs);
    if (run == null) {
      boolean cached = exchange.location().get(settings).codeCache();
      Worker worker = exchange.worker();
      LuaVm vm = cached ? vms[worker.index()] : fresh(worker);
      run = new LuaRun(vm, exchange, LuaPhase.CONTENT, !cached);
      exchange.put(runs, run);
    }
    return run;
  }

  /// Gives a subrequest a run with this number, under which its `ngx.ctx` has been put.
  void adopt(Exchange exchange, LuaVm vm, int number) {
    exchange.put(runs, new LuaRun(vm, exchange, number));
  }

  LuaLimits limits() {
    return limits;
  }

  void limits(LuaLimits told) {
    limits = told;
    watchdog = told.stopsScripts() ? new LuaWatchdog(told) : null;
  }

  @Nullable LuaWatchdog watchdog() {
    return watchdog;
  }

  private LuaVm made(Worker worker) {
    LuaVm vm = new LuaVm(this, worker);
    LuaWatchdog dog = watchdog;
    if (dog != null) {
      dog.add(vm);
    }
    return vm;
  }

  private LuaVm fresh(Worker worker) {
    LuaVm vm = made(worker);
    open.incrementAndGet();
    LuaChunk begin = init;
    if (begin != null) {
      callBeside(vm, begin, LuaPhase.INIT);
    }
    return vm;
  }

  /// Runs a script that may wait, in a phase.
  Verdict run(Exchange exchange, LuaChunk chunk) {
    LuaRun run = run(exchange);
    int index = run.vm().ready(chunk, run);
    if (index < 0) {
      String text = loadFailure(chunk, run);
      run.log(Level.ERROR, text);
      exchange.finish(statusOf(text));
      return Verdict.RESPONDED;
    }
    return run.start(chunk.phase(), index);
  }

  /// What a script that cannot be loaded is answered with.
  private static int statusOf(String trouble) {
    if (!trouble.contains("cannot open ")) {
      return 500;
    }
    return trouble.endsWith("No such file or directory") ? 404 : 503;
  }

  /// Calls a script that may not wait; false if it failed, which has been logged.
  boolean call(LuaRun run, LuaChunk chunk, int arguments) {
    int index = run.vm().ready(chunk, run);
    if (index < 0) {
      run.log(Level.ERROR, loadFailure(chunk, run));
      return false;
    }
    if (!run.call(chunk.phase(), index, arguments)) {
      run.log(
          Level.ERROR,
          "failed to run "
              + chunk.phase().directive()
              + "*: "
              + (run.vm().result() == null ? "it was stopped" : run.vm().result()));
      return false;
    }
    return true;
  }

  private String loadFailure(LuaChunk chunk, LuaRun run) {
    String error = run.vm().result();
    return chunk.source() == null
        ? "failed to load external Lua file \"" + path(chunk, run) + "\": " + error
        : "failed to load inlined Lua code: " + error;
  }
}
