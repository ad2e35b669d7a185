package dev.turnout.admin.control;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.MAIN;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.admin.gate.Dialect;
import dev.turnout.admin.gate.GateModule;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.control.ControlPlane;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Variable;
import dev.turnout.http.access.AccessModule;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.upstream.UpstreamSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `control_api`: Turnout's own interface for those who operate it.
public final class ControlApiModule implements HttpModule {
  /// How changes say that they come through this.
  public static final String DIALECT = "control-api";

  private static final Setting<List<String>> BASES = Setting.listOf("control_api of a server");

  private final ControlPlane control;
  private @Nullable HttpRegistry http;
  private final GateModule gates;
  private final UpstreamModule upstreams;
  private @Nullable Scope main;
  private @Nullable ControlApi api;
  private @Nullable Variable remoteUser;

  /// @param gates who may change what
  /// @param upstreams what reads the settings of upstreams that are made at run time
  public ControlApiModule(ControlPlane control, GateModule gates, UpstreamModule upstreams) {
    this.control = control;
    this.gates = gates;
    this.upstreams = upstreams;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    api = new ControlApi(control, http.environment(), this::block);
    remoteUser = http.variables().get("remote_user");
    http.directive("control_api")
        .in(LOCATION)
        .arguments(0, 1)
        .read(this::read)
        .syntax("[write=on|off]")
        .defaultText("write=off")
        .summary(
            "Answers with Turnout's own API: the wanted state of upstreams and key-value zones,"
                + " with where it differs from the configuration; its history; a stream of events;"
                + " and, with `write=on`, changes of any number of groups and zones at once, undo,"
                + " and drains. It is described by `GET openapi.json` below the location. Without"
                + " `allow` or `deny` of its own the location is for this machine only; requests"
                + " of other sites' pages are refused with 403.");
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            // Access rules may be others now: who watches comes back and is asked again.
            control.events().dismissAll();
          }

          @Override
          public void abandon() {
            // nothing was opened
          }
        });
  }

  /// The paths at which the server of a block has the API, without a slash at the end; complete
  /// once all of it is read.
  public static List<String> bases(Scope scope) {
    Scope server = scope.enclosing(SERVER);
    return server == null ? List.of() : server.get(BASES);
  }

  private UpstreamSpec block(String name, String content) {
    Scope there = main;
    if (there == null) {
      throw new IllegalStateException("an API that stands nowhere is asked");
    }
    return upstreams.readAny(name, content, there.children(HTTP).getFirst());
  }

  private void read(Directive d, Scope scope) {
    main = scope.enclosing(MAIN);
    boolean write = d.argumentCount() == 1 && isOn(d);
    HttpRegistry registry = http;
    ControlApi answers = api;
    Variable user = remoteUser;
    if (registry == null || answers == null || user == null) {
      throw new IllegalStateException("the control API is not registered");
    }
    if (!CoreModule.isPrefixLocation(scope)) {
      throw ConfigException.at(d, "\"control_api\" must be in a location that is given by a prefix")
          .withHelp("such as location /control/ { ... }");
    }
    CoreModule.limitsBodiesItself(scope);
    if (write) {
      gates.protect(d, scope);
    } else {
      AccessModule.onlyThisMachineByDefault(scope);
    }
    String name = CoreModule.locationName(scope);
    String base = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
    Scope server = scope.enclosing(SERVER);
    if (server != null) {
      server.append(BASES, base);
    }
    scope.set(
        HttpRegistry.CONTENT,
        location ->
            new ControlHandler(
                answers,
                control,
                base,
                write ? gates.gate(location, Dialect.of(DIALECT).takingChunks()) : null,
                user));
  }

  private static boolean isOn(Directive d) {
    return switch (d.argument(0)) {
      case "write=on" -> true;
      case "write=off" -> false;
      default ->
          throw ConfigException.at(d, 0, "invalid parameter \"" + d.argument(0) + "\"")
              .withHelp("written control_api, or control_api write=on");
    };
  }
}
