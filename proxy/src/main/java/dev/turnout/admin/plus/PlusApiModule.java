package dev.turnout.admin.plus;

import static dev.turnout.config.Context.LOCATION;

import dev.turnout.admin.gate.Dialect;
import dev.turnout.admin.gate.GateModule;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.control.ChangeWriter;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Variable;
import org.jspecify.annotations.Nullable;

/// `api`: the REST API of NGINX Plus, versions 4 to 9, over the node's live state.
public final class PlusApiModule implements HttpModule {
  private final ChangeWriter writer;
  private final GateModule gates;
  private @Nullable Resource root;
  private @Nullable Variable requestId;

  /// @param writer the single writer of changes
  /// @param gates who may change what
  public PlusApiModule(ChangeWriter writer, GateModule gates) {
    this.writer = writer;
    this.gates = gates;
  }

  @Override
  public void register(HttpRegistry http) {
    root = Tree.of(http.environment(), new Changes(writer));
    requestId = http.variables().get("request_id");
    http.directive("api")
        .in(LOCATION)
        .arguments(0, 1)
        .read(this::read)
        .syntax("[write=on|off]")
        .defaultText("write=off")
        .summary(
            "Answers with the REST API of NGINX Plus, versions 4 to 9: statistics, and, with"
                + " `write=on`, changes of the servers of upstreams with a `zone` and of key-value"
                + " zones. A change is answered when it is on disk and every event loop acts on it."
                + " Changes that a browser makes for another site are refused with 403.")
        .differs(
            "There is no `/license`, no `/stream` and no slot in `/slabs`; `expire` is refused, as"
                + " where a zone has no timeout; where a group has no `resolver`, a name is looked"
                + " up when the server is added.");
  }

  private void read(Directive d, Scope scope) {
    boolean writable =
        switch (d.argumentCount() == 0 ? "write=off" : d.argument(0)) {
          case "write=on" -> true;
          case "write=off" -> false;
          default ->
              throw ConfigException.at(d, 0, "invalid parameter \"" + d.argument(0) + "\"")
                  .withHelp("written api, or api write=on");
        };
    Resource tree = root;
    Variable id = requestId;
    if (tree == null || id == null) {
      throw new IllegalStateException("the API is not registered");
    }
    if (!CoreModule.isPrefixLocation(scope)) {
      // what follows the location's name is the path in the API
      throw ConfigException.at(d, "\"api\" must be in a location that is given by a prefix")
          .withHelp("such as location /api { ... }");
    }
    CoreModule.servesOperators(scope);
    if (writable) {
      gates.protect(d, scope);
    }
    scope.set(
        HttpRegistry.CONTENT,
        location ->
            new PlusApi(
                writable ? gates.gate(location, Dialect.of("plus-api").takingChunks()) : null,
                tree,
                id));
  }
}
