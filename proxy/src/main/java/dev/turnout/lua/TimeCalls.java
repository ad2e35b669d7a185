package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.HttpDate;
import dev.turnout.log.Level;
import java.lang.invoke.MethodHandles;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// The time, as of the present event of the loop, and sleeping.
final class TimeCalls implements LuaPart {
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy-MM-dd");
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
  private static final DateTimeFormatter COOKIE =
      DateTimeFormatter.ofPattern("EEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.US);
  private static final DateTimeFormatter COOKIE_FAR =
      DateTimeFormatter.ofPattern("EEE, dd-MMM-yyyy HH:mm:ss 'GMT'", Locale.US);

  @Override
  public String script() {
    return "time.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "now",
        "double(int)",
        "update_time",
        "int(int)",
        "time_text",
        "int(int, int, double)",
        "parse_time",
        "double(int, const char *, int)",
        "sleep",
        "int(int, double)");
  }

  /// Milliseconds since the epoch.
  static double now(LuaVm vm) {
    return vm.run().phase() == LuaPhase.INIT
        ? System.currentTimeMillis()
        : vm.run().worker().nowMillis();
  }

  static int updateTime(LuaVm vm) {
    if (vm.run().phase() != LuaPhase.INIT) {
      vm.run().worker().rereadClock();
    }
    return LuaVm.OK;
  }

  /// 0 the day, 1 local time, 2 UTC, 3 as in HTTP fields, 4 as in cookies.
  static int timeText(LuaVm vm, int form, double seconds) {
    long epoch = form < 3 ? (long) now(vm) / 1000 : (long) seconds;
    Instant instant = Instant.ofEpochSecond(epoch);
    ZonedDateTime utc = instant.atZone(ZoneOffset.UTC);
    return vm.answer(
        switch (form) {
          case 0 -> DAY.format(instant.atZone(ZoneId.systemDefault()));
          case 1 -> SECOND.format(instant.atZone(ZoneId.systemDefault()));
          case 2 -> SECOND.format(utc);
          case 3 -> HttpDate.format(epoch);
          default -> (utc.getYear() > 2037 ? COOKIE_FAR : COOKIE).format(utc);
        });
  }

  /// Seconds since the epoch of a date as in HTTP fields; NaN if it is none.
  static double parseTime(LuaVm vm, long text, int length) {
    long seconds = HttpDate.parse(vm.text(text, length));
    return seconds == HttpDate.INVALID ? Double.NaN : seconds;
  }

  static int sleep(LuaVm vm, double seconds) {
    LuaWait wait = vm.suspend();
    LuaRun run = wait.run();
    long nanos = (long) (seconds * 1e9);
    if (run.isLogged(Level.DEBUG)) {
      run.log(Level.DEBUG, "lua ready to sleep for " + nanos / 1_000_000 + " ms");
    }
    if (nanos <= 0) {
      vm.later(() -> wake(wait));
      return LuaVm.AGAIN;
    }
    var timer = run.worker().loop().schedule(() -> wake(wait), nanos, TimeUnit.NANOSECONDS);
    wait.onDrop(() -> {
      timer.cancel(false);
      if (run.isLogged(Level.DEBUG)) {
        run.log(Level.DEBUG, "lua clean up the timer for pending ngx.sleep");
      }
    });
    return LuaVm.AGAIN;
  }

  private static void wake(LuaWait wait) {
    LuaRun run = wait.run();
    Exchange exchange = run.exchange();
    if (!wait.isOver() && exchange != null && run.isLogged(Level.DEBUG)) {
      String args = exchange.args();
      run.log(
          Level.DEBUG,
          "lua sleep timer expired: \""
              + exchange.path()
              + "?"
              + (args == null ? "" : args)
              + "\"");
    }
    wait.resume(LuaVm.OK);
  }
}
