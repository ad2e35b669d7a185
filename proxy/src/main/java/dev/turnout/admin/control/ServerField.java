package dev.turnout.admin.control;

import dev.turnout.json.JsonText;
import dev.turnout.upstream.Canary;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// One value of a server as documents name it.
record ServerField(String name, Function<PeerSpec, @Nullable Object> value) {
  /// All of them but the number, in the order in which they are written.
  static final List<ServerField> ALL =
      List.of(
          new ServerField("server", PeerSpec::server),
          new ServerField("address", ServerField::address),
          new ServerField("resolve", spec -> spec.address() instanceof PeerAddress.Unresolved),
          new ServerField("service", ServerField::service),
          new ServerField("weight", PeerSpec::weight),
          new ServerField("max_conns", PeerSpec::maxConns),
          new ServerField("max_fails", PeerSpec::maxFails),
          new ServerField("fail_timeout", spec -> time(spec.failTimeoutMillis())),
          new ServerField("slow_start", spec -> time(spec.slowStartMillis())),
          new ServerField("backup", PeerSpec::backup),
          new ServerField("down", PeerSpec::down),
          new ServerField("drain", PeerSpec::drain),
          new ServerField("route", PeerSpec::route),
          new ServerField("canary", ServerField::canary));

  private static String address(PeerSpec spec) {
    return spec.address() instanceof PeerAddress.Unresolved(String host, int port, _)
        ? host + ":" + port
        : spec.address().text();
  }

  private static String service(PeerSpec spec) {
    return spec.address() instanceof PeerAddress.Unresolved name ? name.service() : "";
  }

  private static @Nullable Map<String, Integer> canary(PeerSpec spec) {
    Canary canary = spec.canary();
    if (canary == null) {
      return null;
    }
    Map<String, Integer> terms = new LinkedHashMap<>();
    terms.put("percent", canary.percent());
    terms.put("good", canary.good());
    terms.put("bad", canary.bad());
    return terms;
  }

  /// The fields that differ.
  static List<ServerField> differing(PeerSpec one, PeerSpec other) {
    return ALL.stream()
        .filter(field -> !Objects.equals(field.value.apply(one), field.value.apply(other)))
        .toList();
  }

  void write(JsonGenerator out, String as, PeerSpec spec) {
    JsonText.write(out, as, value.apply(spec));
  }

  /// A time as bodies have it.
  static String time(long millis) {
    return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
  }

  /// Writes the number and all values of a server into an open object.
  static void writeAll(JsonGenerator out, PeerSpec spec) {
    out.writeNumberProperty("id", spec.id());
    ALL.forEach(field -> field.write(out, field.name, spec));
  }
}
