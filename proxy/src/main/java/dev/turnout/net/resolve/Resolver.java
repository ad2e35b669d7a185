package dev.turnout.net.resolve;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.net.Worker;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Resolves names by asking name servers, as one `resolver` directive says, and remembers what they
/// say for as long as they say.
///
/// All of it happens on one loop, its home, where each name is asked for once at a time however
/// many wait for it. What is known is read by all loops. Answers that say there is nothing are not
/// remembered, as in nginx.
public final class Resolver implements AutoCloseable {
  private static final long RESEND_MILLIS = 5_000;
  private static final long FAILURE_MILLIS = 10_000;
  private static final int MOST_ALIASES = 50;
  private static final int MOST_KNOWN = 4096; // the names may come from clients
  private static final int REFUSED = 5;

  private final ResolverSpec spec;
  private final ResolverStats stats;
  private final Worker home;
  private final ErrorLog log;
  private final LongSupplier clockMillis;
  private final long resendMillis;
  private final Map<Key, Known> known = new ConcurrentHashMap<>();
  private final Map<Key, Lookup> lookups = new HashMap<>(); // home only
  private int nextServer; // home only
  private volatile @Nullable DnsClient client;

  private record Key(boolean service, String name) {}

  /// What name servers said and still holds. Written at home, read by all loops.
  private sealed interface Known {
    long validUntil();

    record Hosts(List<InetAddress> addresses, long validUntil) implements Known {}

    record Services(List<DnsReply.Service> services, long validUntil) implements Known {}

    record Alias(String name, long validUntil) implements Known {}
  }

  /// What a lookup comes to: something known, though perhaps no longer than for this moment, or
  /// trouble.
  private sealed interface Outcome {
    record Good(Known known) implements Outcome {}

    record Bad(Trouble trouble) implements Outcome {}
  }

  /// @param home the loop that asks
  /// @param clockMillis a clock that never jumps, in milliseconds
  public Resolver(
      ResolverSpec spec, ResolverStats stats, Worker home, ErrorLog log, LongSupplier clockMillis) {
    this(spec, stats, home, log, clockMillis, RESEND_MILLIS);
  }

  /// @param resendMillis how long a server may take before the next is asked
  Resolver(
      ResolverSpec spec,
      ResolverStats stats,
      Worker home,
      ErrorLog log,
      LongSupplier clockMillis,
      long resendMillis) {
    this.spec = spec;
    this.stats = stats;
    this.home = home;
    this.log = log;
    this.clockMillis = clockMillis;
    this.resendMillis = resendMillis;
  }

  /// Opens the socket; may wait for files, so not called on a loop.
  public void open() {
    client = new DnsClient(home, spec.servers().getFirst());
  }

  /// Whoever still waits hears nothing more.
  @Override
  public void close() {
    DnsClient there = client;
    client = null;
    if (there != null) {
      there.close();
    }
  }

  /// The addresses of `name` if they are known now, the same list each time; null if name servers
  /// have to be asked. On any loop.
  public @Nullable List<InetAddress> known(String name) {
    Key key = new Key(false, canonical(name));
    for (int i = 0; i <= MOST_ALIASES; i++) {
      switch (fresh(key)) {
        case Known.Hosts hosts -> {
          return hosts.addresses();
        }
        case Known.Alias alias -> key = new Key(false, alias.name());
        case Known.Services _ -> {
          return null;
        }
        case null -> {
          return null;
        }
      }
    }
    return null;
  }

  /// Resolves a name; `then` is called at home, at the latest after `timeoutMillis` (0: never given
  /// up).
  public void resolve(String name, long timeoutMillis, Consumer<NameAnswer> then) {
    atHome(() ->
        ask(
            new Key(false, canonical(name)),
            new Waiter(timeoutMillis, outcome -> then.accept(nameAnswer(outcome)))));
  }

  /// Resolves a service of a domain by its service records; `then` is called at home. `http` stands
  /// for `_http._tcp`; a service with a dot in it is taken as it is.
  public void resolveService(
      String service, String domain, long timeoutMillis, Consumer<ServiceAnswer> then) {
    String prefix = service.indexOf('.') >= 0 ? service : "_" + service + "._tcp";
    Key key = new Key(true, canonical(prefix + "." + domain));
    atHome(() ->
        ask(
            key,
            new Waiter(
                timeoutMillis,
                outcome -> {
                  switch (outcome) {
                    case Outcome.Good(Known.Services(var services, long validUntil)) ->
                        new Targets(services, validUntil, timeoutMillis, then).ask();
                    case Outcome.Good _ ->
                        throw new IllegalStateException("a service without records");
                    case Outcome.Bad(Trouble trouble) ->
                        then.accept(new ServiceAnswer.Failed(trouble, List.of(), failureMillis()));
                  }
                })));
  }

  private void atHome(Runnable work) {
    if (home.loop().inEventLoop()) {
      work.run();
    } else {
      home.loop().execute(work);
    }
  }

  private static String canonical(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  private @Nullable Known fresh(Key key) {
    Known there = known.get(key);
    return there != null && there.validUntil() - clockMillis.getAsLong() > 0 ? there : null;
  }

  private NameAnswer nameAnswer(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Good(Known.Hosts(var addresses, long validUntil)) ->
          new NameAnswer.Found(addresses, untilThen(validUntil));
      case Outcome.Good _ -> throw new IllegalStateException("a host without addresses");
      case Outcome.Bad(Trouble trouble) -> new NameAnswer.Failed(trouble, failureMillis());
    };
  }

  private long untilThen(long validUntil) {
    return Math.max(0, validUntil - clockMillis.getAsLong());
  }

  private long failureMillis() {
    return spec.validMillis() > 0 ? spec.validMillis() : FAILURE_MILLIS;
  }

  // ---- at home

  private void ask(Key key, Waiter waiter) {
    Known there = fresh(key);
    if (there != null) {
      tell(waiter, there, key.service());
      return;
    }
    Lookup running = lookups.get(key);
    if (running != null) {
      running.join(waiter);
      return;
    }
    DnsClient asking = client;
    if (asking == null) {
      waiter.end(new Outcome.Bad(Trouble.SERVFAIL)); // closed: its configuration is gone
      return;
    }
    Lookup lookup = new Lookup(key, asking);
    lookups.put(key, lookup);
    lookup.join(waiter);
    lookup.start();
  }

  private void tell(Waiter waiter, Known there, boolean service) {
    if (!(there instanceof Known.Alias(String name, _))) {
      waiter.end(new Outcome.Good(there));
    } else if (waiter.aliases++ < MOST_ALIASES) {
      ask(new Key(service, name), waiter);
    } else {
      waiter.end(new Outcome.Bad(Trouble.NXDOMAIN));
    }
  }

  private void remember(Key key, Known there) {
    if (known.size() >= MOST_KNOWN) {
      long now = clockMillis.getAsLong();
      known.values().removeIf(old -> old.validUntil() - now <= 0);
      if (known.size() >= MOST_KNOWN) {
        known.clear(); // what was there is asked for again when it is wanted
      }
    }
    known.put(key, there);
  }

  /// Somebody who waits for a name. It hears once.
  private final class Waiter {
    private final long timeoutMillis;
    private final Consumer<Outcome> then;
    private @Nullable Future<?> timer;
    private @Nullable Lookup at;
    private int aliases;

    Waiter(long timeoutMillis, Consumer<Outcome> then) {
      this.timeoutMillis = timeoutMillis;
      this.then = then;
    }

    /// Waits for `lookup`; the time allowed goes on from one alias to the next.
    void waitFor(Lookup lookup) {
      at = lookup;
      if (timer == null && timeoutMillis > 0) {
        timer = home.loop().schedule(this::timedOut, timeoutMillis, TimeUnit.MILLISECONDS);
      }
    }

    private void timedOut() {
      Lookup left = at;
      if (left != null) {
        left.leave(this);
      }
      end(new Outcome.Bad(Trouble.TIMED_OUT));
    }

    void end(Outcome outcome) {
      Future<?> armed = timer;
      if (armed != null) {
        armed.cancel(false);
      }
      then.accept(outcome);
    }
  }

  /// One name that name servers are being asked for.
  private final class Lookup {
    private final Key key;
    private final DnsClient asking;
    private final List<DnsRecordType> open = new ArrayList<>(2);
    private final List<InetAddress> addresses4 = new ArrayList<>();
    private final List<InetAddress> addresses6 = new ArrayList<>();
    private final List<DnsReply.Service> services = new ArrayList<>();
    private List<Waiter> waiters = new ArrayList<>(2);
    private @Nullable Future<?> resend;
    private int code;
    // Of the reply that came last, which has the last word where there are no addresses, as in
    // nginx.
    private @Nullable String alias;
    private int records;
    private long ttlSeconds = Long.MAX_VALUE;
    private int server;

    Lookup(Key key, DnsClient asking) {
      this.key = key;
      this.asking = asking;
      server = nextServer;
      nextServer = (nextServer + 1) % spec.servers().size();
    }

    void join(Waiter waiter) {
      waiters.add(waiter);
      waiter.waitFor(this);
    }

    void leave(Waiter waiter) {
      waiters.remove(waiter);
      if (waiters.isEmpty()) {
        stats.failed(Trouble.TIMED_OUT);
      }
    }

    void start() {
      if (key.service()) {
        stats.askedForService();
        open.add(DnsRecordType.SRV);
      } else {
        stats.askedForName();
        if (spec.ipv4()) {
          open.add(DnsRecordType.A);
        }
        if (spec.ipv6()) {
          open.add(DnsRecordType.AAAA);
        }
      }
      try {
        send();
      } catch (IllegalArgumentException _) {
        fail(Trouble.NXDOMAIN); // there can be no such name
      }
    }

    private void send() {
      for (DnsRecordType type : List.copyOf(open)) {
        asking.ask(spec.servers().get(server), key.name(), type, reply -> replied(type, reply));
      }
      resend = home.loop().schedule(this::sendAgain, resendMillis, TimeUnit.MILLISECONDS);
    }

    /// Nobody has answered: the next server may. Nobody waits: the end.
    private void sendAgain() {
      if (waiters.isEmpty()) {
        lookups.remove(key, this);
        return;
      }
      server = (server + 1) % spec.servers().size();
      send();
    }

    private void replied(DnsRecordType type, DnsReply reply) {
      if (reply.code() == Trouble.FORMERR.number() || reply.code() > REFUSED) {
        unusable(reply.code());
        return;
      }
      if (lookups.get(key) != this || !open.remove(type)) {
        return; // the answer to a question that was put twice
      }
      code = code == 0 ? reply.code() : code;
      records = reply.records();
      if (reply.records() > 0) {
        ttlSeconds = Math.min(ttlSeconds, reply.ttlSeconds());
      }
      (type.equals(DnsRecordType.AAAA) ? addresses6 : addresses4).addAll(reply.addresses());
      services.addAll(reply.services());
      alias = reply.alias();
      if (open.isEmpty()) {
        conclude();
      }
    }

    /// nginx takes it for no answer at all.
    private void unusable(int wrong) {
      if (wrong == Trouble.FORMERR.number()) {
        stats.failed(Trouble.FORMERR);
      } else {
        stats.unusable();
      }
      String words = wrong > REFUSED ? wrong + ": Unknown error" : Trouble.of(wrong).text();
      log.log(Level.ERROR, "DNS error (" + words + "), name:\"" + key.name() + "\"");
    }

    private void conclude() {
      long validFor = spec.validMillis() > 0 ? spec.validMillis() : ttlSeconds * 1000;
      String other = alias;
      if (code != 0) {
        fail(Trouble.of(code));
      } else if (!addresses4.isEmpty() || !addresses6.isEmpty()) {
        List<InetAddress> all = new ArrayList<>(addresses4);
        all.addAll(addresses6);
        succeed(new Known.Hosts(List.copyOf(all), now() + validFor));
      } else if (!services.isEmpty()) {
        succeed(new Known.Services(List.copyOf(services), now() + validFor));
      } else if (other != null) {
        succeed(new Known.Alias(canonical(other), now() + validFor));
      } else if (records == 0) {
        fail(Trouble.NXDOMAIN);
      } else {
        // As in nginx, the waiting time out.
        stats.unusable();
        log.log(
            Level.ERROR,
            key.service() ? "no SRV type in DNS response" : "no A or CNAME types in DNS response");
      }
    }

    private long now() {
      return clockMillis.getAsLong();
    }

    private void succeed(Known found) {
      stats.found();
      remember(key, found);
      for (Waiter waiter : end()) {
        tell(waiter, found, key.service());
      }
    }

    private void fail(Trouble trouble) {
      stats.failed(trouble);
      for (Waiter waiter : end()) {
        waiter.end(new Outcome.Bad(trouble));
      }
    }

    private List<Waiter> end() {
      lookups.remove(key, this);
      Future<?> armed = resend;
      if (armed != null) {
        armed.cancel(false);
      }
      List<Waiter> all = waiters;
      waiters = List.of();
      return all;
    }
  }

  /// The addresses of the names in service records. At home.
  private final class Targets {
    private final List<DnsReply.Service> services;
    private final Outcome[] outcomes;
    private final long timeoutMillis;
    private final Consumer<ServiceAnswer> then;
    private long validUntil;
    private int left;

    Targets(
        List<DnsReply.Service> services,
        long validUntil,
        long timeoutMillis,
        Consumer<ServiceAnswer> then) {
      this.services =
          services.stream().sorted(Comparator.comparingInt(DnsReply.Service::priority)).toList();
      this.outcomes = new Outcome[services.size()];
      this.validUntil = validUntil;
      this.timeoutMillis = timeoutMillis;
      this.then = then;
      this.left = services.size();
    }

    void ask() {
      for (int i = 0; i < services.size(); i++) {
        int place = i;
        Resolver.this.ask(
            new Key(false, canonical(services.get(i).name())),
            new Waiter(timeoutMillis, outcome -> resolved(place, outcome)));
      }
    }

    private void resolved(int place, Outcome outcome) {
      outcomes[place] = outcome;
      if (outcome instanceof Outcome.Good(Known known)) {
        validUntil = Math.min(validUntil, known.validUntil());
      }
      left--;
      if (left == 0) {
        then.accept(answer());
      }
    }

    private ServiceAnswer answer() {
      List<ServiceAnswer.Target> targets = new ArrayList<>();
      List<ServiceAnswer.Missing> missing = new ArrayList<>();
      for (int i = 0; i < services.size(); i++) {
        DnsReply.Service service = services.get(i);
        switch (outcomes[i]) {
          case Outcome.Good(Known.Hosts(var addresses, _)) -> {
            for (InetAddress address : addresses) {
              targets.add(
                  new ServiceAnswer.Target(
                      address,
                      service.port(),
                      service.name(),
                      service.priority(),
                      service.weight()));
            }
          }
          case Outcome.Good _ -> throw new IllegalStateException("a host without addresses");
          case Outcome.Bad(Trouble trouble) ->
              missing.add(new ServiceAnswer.Missing(service.name(), trouble));
        }
      }
      if (!targets.isEmpty()) {
        return new ServiceAnswer.Found(targets, missing, untilThen(validUntil));
      }
      boolean gone = missing.stream().anyMatch(one -> one.trouble() == Trouble.NXDOMAIN);
      Trouble trouble = gone ? Trouble.NXDOMAIN : missing.getFirst().trouble();
      return new ServiceAnswer.Failed(trouble, missing, failureMillis());
    }
  }
}
