package dev.turnout.http.ssi;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.MediaTypes;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.Variables;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/// `ssi`: commands in the pages that are passed on are carried out.
public final class SsiModule implements HttpModule {
  private static final Setting<Boolean> ON = Setting.of("ssi", false);
  private static final Setting<Boolean> SILENT = Setting.of("ssi_silent_errors", false);
  private static final Setting<Boolean> LAST_MODIFIED = Setting.of("ssi_last_modified", false);
  private static final Setting<Boolean> RECYCLED = Setting.of("ssi_ignore_recycled_buffers", false);
  private static final Setting<Long> FILE_CHUNK = Setting.of("ssi_min_file_chunk", 1024L);
  private static final Setting<Long> VALUE_LENGTH = Setting.of("ssi_value_length", 256L);
  private static final Setting<MediaTypes> TYPES =
      Setting.of("ssi_types", MediaTypes.of("text/html"));

  @Override
  public void register(HttpRegistry http) {
    http.directive("ssi")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .flag(ON)
        .defaultText("off")
        .summary(
            "Carries out the commands of server-side includes in answers: `include`, `echo`,"
                + " `set`, `if`, `config`, `block`.")
        .differs("The blocks of one request may have a megabyte together.");
    http.directive("ssi_silent_errors")
        .in(HTTP, SERVER, LOCATION)
        .flag(SILENT)
        .defaultText("off")
        .summary("Commands that fail leave nothing in the page.");
    http.directive("ssi_last_modified")
        .in(HTTP, SERVER, LOCATION)
        .flag(LAST_MODIFIED)
        .defaultText("off")
        .summary("Keeps `Last-Modified` of pages with commands, and a weak form of `ETag`.");
    http.directive("ssi_min_file_chunk")
        .in(HTTP, SERVER, LOCATION)
        .size(FILE_CHUNK)
        .defaultText("1k")
        .summary("Accepted: the parts of a page with commands are sent from memory.");
    http.directive("ssi_ignore_recycled_buffers")
        .in(HTTP, SERVER, LOCATION)
        .flag(RECYCLED)
        .defaultText("off")
        .summary("Accepted: buffers are not reused before they are sent.");
    http.directive("ssi_value_length")
        .in(HTTP, SERVER, LOCATION)
        .size(VALUE_LENGTH)
        .defaultText("256")
        .summary("How long the value of a command's parameter may be.");
    MediaTypes.directive(http, "ssi_types", TYPES);
    ExchangeSlot<SsiPage> page = http.exchangeSlot();
    ExchangeSlot<String> timeForm = http.exchangeSlot();
    http.variable("date_local", exchange -> time(exchange, timeForm, ZoneId.systemDefault()));
    http.variable("date_gmt", exchange -> time(exchange, timeForm, ZoneId.of("GMT")));
    http.filter(scope -> filter(scope, http.variables(), page, timeForm));
  }

  private static String time(Exchange exchange, ExchangeSlot<String> form, ZoneId zone) {
    String chosen = exchange.get(form);
    Instant now = Instant.ofEpochMilli(exchange.worker().nowMillis());
    return TimeFormat.format(
        chosen == null ? "%A, %d-%b-%Y %H:%M:%S %Z" : chosen, now.atZone(zone));
  }

  private static @Nullable ResponseFilter filter(
      Scope scope, Variables variables, ExchangeSlot<SsiPage> page, ExchangeSlot<String> timeForm) {
    if (!scope.get(ON)) {
      return null;
    }
    MediaTypes types = scope.get(TYPES);
    SsiSettings settings =
        new SsiSettings(
            scope.get(SILENT),
            scope.get(LAST_MODIFIED),
            (int) Math.min(scope.get(VALUE_LENGTH), Integer.MAX_VALUE));
    return (exchange, response) -> {
      if (response.contentLength() == 0 || !types.contain(response.contentType())) {
        return;
      }
      if (!exchange.isSubrequest()) {
        head(response, settings.keepsLastModified());
      }
      exchange.put(timeForm, null);
      if (!exchange.isHeadAlone()) {
        exchange.wantSplice();
        exchange.filterBody(new SsiBody(exchange, settings, variables, page, timeForm));
      }
    };
  }

  private static void head(Response response, boolean keepsLastModified) {
    response.bodyChanges();
    if (!keepsLastModified) {
      response.lastModified(null, -1);
      response.remove(FieldName.LAST_MODIFIED);
      response.remove(FieldName.ETAG);
    }
  }
}
