package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LIMIT_EXCEPT;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigLoader;
import dev.turnout.config.FileNames;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Template;
import dev.turnout.http.Verdict;
import dev.turnout.log.Errno;
import dev.turnout.log.Level;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// `auth_basic`: clients give a name and a password (RFC 7617) that a file knows.
public final class AuthBasicModule implements HttpModule {
  /// The field that asks for a password.
  static final String CHALLENGE = "WWW-Authenticate";

  private static final Setting<@Nullable Template> REALM = Setting.of("auth_basic", null);
  private static final Setting<@Nullable Template> USER_FILE =
      Setting.of("auth_basic_user_file", null);

  private final SatisfyModule satisfy;
  private BiConsumer<Exchange, Boolean> watcher = (_, _) -> {};
  private @Nullable ExchangeSlot<String> user;

  /// @param satisfy what decides how this goes together with other rules
  public AuthBasicModule(SatisfyModule satisfy) {
    this.satisfy = satisfy;
  }

  /// True if passwords are asked for in this block, whatever the request.
  static boolean isCertain(Scope scope) {
    Template realm = scope.get(REALM);
    return isOn(scope) && realm != null && realm.isConstant();
  }

  /// True if passwords are asked for in this block.
  public static boolean isOn(Scope scope) {
    Template realm = scope.get(REALM);
    return realm != null
        && scope.get(USER_FILE) != null
        && !(realm.isConstant() && realm.toString().equals("off"));
  }

  /// The user whose password was right; null if none was asked for, or another kind of rule has let
  /// the client pass.
  public @Nullable String user(Exchange exchange) {
    return exchange.get(slot());
  }

  /// What was found out elsewhere, under other passwords, does not count from here on.
  public void forget(Exchange exchange) {
    exchange.put(slot(), null);
  }

  /// Who is told whether a password that was given was right.
  public void watch(BiConsumer<Exchange, Boolean> newWatcher) {
    watcher = newWatcher;
  }

  private ExchangeSlot<String> slot() {
    return Objects.requireNonNull(user, "the module is not registered");
  }

  @Override
  public void register(HttpRegistry http) {
    user = http.exchangeSlot();
    http.directive("auth_basic")
        .in(HTTP, SERVER, LOCATION, LIMIT_EXCEPT)
        .read((d, scope) -> scope.set(REALM, http.template(d, 0)))
        .syntax("string | off")
        .defaultText("off")
        .summary("Asks clients for a name and a password; the string names what they are for.");
    http.directive("auth_basic_user_file")
        .in(HTTP, SERVER, LOCATION, LIMIT_EXCEPT)
        .read((d, scope) -> scope.set(USER_FILE, http.template(d, 0)))
        .syntax("file")
        .summary(
            "The file of names and passwords, one `name:password` a line, read at each request."
                + " Passwords may be in the forms `$apr1$`, `{SSHA}`, `{SHA}` and `{PLAIN}`, and in"
                + " those of the system's crypt(3).")
        .differs(
            "Where there is no libcrypt, the answer is 500 for users whose passwords it would be"
                + " asked about, and the error log says why.");
    http.phase(Phase.ACCESS, this::handler);
  }

  /// True if every client of a location is asked for a password, so that `$remote_user` is known.
  public static boolean isAskedIn(Scope location) {
    Template realm = location.get(REALM);
    return realm != null
        && realm.isConstant()
        && !realm.toString().equals("off")
        && location.get(USER_FILE) != null;
  }

  private @Nullable PhaseHandler handler(Scope scope) {
    Template realm = scope.get(REALM);
    Template file = scope.get(USER_FILE);
    if (realm == null || file == null || !isOn(scope)) {
      return null;
    }
    return new Check(
        realm, file, scope.get(ConfigLoader.CONF_PREFIX), satisfy.rules(scope), slot(), watcher);
  }

  /// Asks for a password in one location.
  private record Check(
      Template realm,
      Template file,
      String prefix,
      SatisfyModule.Rules rules,
      ExchangeSlot<String> slot,
      BiConsumer<Exchange, Boolean> watcher)
      implements PhaseHandler {
    @Override
    public Verdict handle(Exchange exchange) {
      String name = realm.evaluate(exchange);
      if (name.equals("off") || rules.areSatisfied(exchange)) {
        return Verdict.CONTINUE;
      }
      String field = exchange.request().fields().first(FieldName.AUTHORIZATION);
      BasicCredentials given = field == null ? null : BasicCredentials.parse(field);
      if (given == null) {
        if (field != null) {
          watcher.accept(exchange, false);
        }
        exchange.log(Level.INFO, "no user/password was provided for basic authentication");
        return challenge(exchange, name);
      }
      String path = FileNames.completed(prefix, file.evaluate(exchange));
      exchange.offLoop(
          () -> UserFile.check(FileNames.path(path), given),
          (answer, failure) -> {
            Verdict verdict =
                answer == null
                    ? unreadable(exchange, path, failure)
                    : decided(exchange, name, path, given.user(), answer);
            if (verdict == Verdict.CONTINUE) {
              exchange.resume();
            }
          },
          _ -> {});
      return Verdict.SUSPENDED;
    }

    private Verdict decided(
        Exchange exchange, String name, String path, String user, UserFile.Answer answer) {
      watcher.accept(exchange, answer == UserFile.Answer.MATCHES);
      return switch (answer) {
        case MATCHES -> {
          exchange.put(slot, user);
          yield rules.passed(exchange);
        }
        case DIFFERS -> {
          exchange.log(Level.ERROR, "user \"" + user + "\": password mismatch");
          yield challenge(exchange, name);
        }
        case UNKNOWN_USER -> {
          exchange.log(Level.ERROR, "user \"" + user + "\" was not found in \"" + path + "\"");
          yield challenge(exchange, name);
        }
        case UNKNOWN_FORM -> {
          exchange.log(
              Level.CRIT,
              "the password of user \""
                  + user
                  + "\" in \""
                  + path
                  + "\" is in a form of crypt(3), which is not supported: use $apr1$ or {SSHA}");
          exchange.finish(500);
          yield Verdict.RESPONDED;
        }
      };
    }

    private Verdict challenge(Exchange exchange, String name) {
      exchange.response().headers().set(CHALLENGE, "Basic realm=\"" + name + "\"");
      return rules.refused(exchange, 401);
    }

    private Verdict unreadable(Exchange exchange, String path, @Nullable IOException failure) {
      boolean missing = failure instanceof NoSuchFileException;
      String reason = failure == null ? "" : " (" + Errno.describe(failure) + ")";
      exchange.log(missing ? Level.ERROR : Level.CRIT, "open() \"" + path + "\" failed" + reason);
      if (missing) {
        return rules.refused(exchange, 403);
      }
      exchange.finish(500);
      return Verdict.RESPONDED;
    }
  }
}
