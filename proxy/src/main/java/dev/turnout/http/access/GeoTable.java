package dev.turnout.http.access;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The lines of a `geo` block as they are searched: by network, or by range.
final class GeoTable {
  /// What stands for clients without an IP address, and for IPv6 where ranges are of IPv4.
  private static final byte[] NO_ADDRESS = {-1, -1, -1, -1};

  private static final List<Network> EVERYTHING =
      List.of(Network.parse("0.0.0.0/0"), Network.parse("::/0"));

  private final AddressTable networks4;
  private final AddressTable networks6;
  private final @Nullable RangeTable ranges;
  private final String otherwise;

  private GeoTable(Draft draft) {
    networks4 = draft.networks4;
    networks6 = draft.networks6;
    ranges = draft.ranges;
    otherwise = draft.otherwise == null ? "" : draft.otherwise;
  }

  /// The value of an address of 4 or 16 bytes, or of what has none.
  String find(byte @Nullable [] address) {
    byte[] known = address == null ? NO_ADDRESS : unmapped(address);
    String value;
    if (ranges != null) {
      value = ranges.find(number(known.length == 4 ? known : NO_ADDRESS));
    } else {
      value = (known.length == 4 ? networks4 : networks6).find(known);
    }
    return value == null ? otherwise : value;
  }

  /// An IPv4 address that came as `::ffff:a.b.c.d`.
  private static byte[] unmapped(byte[] address) {
    if (address.length != 16 || address[10] != -1 || address[11] != -1) {
      return address;
    }
    for (int i = 0; i < 10; i++) {
      if (address[i] != 0) {
        return address;
      }
    }
    return new byte[] {address[12], address[13], address[14], address[15]};
  }

  private static int number(byte[] address) {
    return (address[0] << 24)
        | ((address[1] & 0xff) << 16)
        | ((address[2] & 0xff) << 8)
        | (address[3] & 0xff);
  }

  /// A table while its lines are read.
  static final class Draft {
    private final Scope scope;
    private final AddressTable networks4 = new AddressTable();
    private final AddressTable networks6 = new AddressTable();
    private final Map<String, String> texts = new HashMap<>();
    private @Nullable RangeTable ranges;
    private @Nullable String otherwise;
    private boolean hasNetworks;
    private final List<Network> proxies = new ArrayList<>();
    private boolean unixProxies;
    private boolean recursive;
    private boolean isVolatile;

    /// @param scope where warnings go
    Draft(Scope scope) {
      this.scope = scope;
    }

    boolean isVolatile() {
      return isVolatile;
    }

    GeoTable finish() {
      return new GeoTable(this);
    }

    /// Reads a line.
    void line(Directive line) {
      String word = line.name();
      switch (line.argumentCount() == 0 ? word : "") {
        case "ranges" -> {
          if (hasNetworks) {
            throw ConfigException.at(
                line, "the \"ranges\" directive must be the first directive inside \"geo\" block");
          }
          if (ranges == null) {
            ranges = new RangeTable();
          }
        }
        case "volatile" -> isVolatile = true;
        case "proxy_recursive" -> recursive = true;
        default -> entry(line);
      }
    }

    /// Whose word about the client's address is taken, null if nobody's.
    @Nullable Forwarding forwarding() {
      return proxies.isEmpty() && !unixProxies
          ? null
          : new Forwarding(proxies, unixProxies, recursive);
    }

    private void entry(Directive line) {
      if (line.argumentCount() != 1) {
        throw ConfigException.at(line, "invalid number of the geo parameters");
      }
      RangeTable table = ranges;
      switch (line.name()) {
        case "proxy" -> {
          if (line.argument(0).equals("unix:")) {
            unixProxies = true;
          } else {
            proxies.add(network(line, line.argument(0)));
          }
        }
        case "default" -> standard(line);
        case "delete" -> {
          if (table != null) {
            remove(line, table);
          } else {
            remove(line);
          }
        }
        default -> {
          if (table != null) {
            add(line, table);
          } else {
            add(line);
          }
        }
      }
    }

    private void standard(Directive line) {
      String value = text(line);
      if (ranges == null) {
        for (Network everything : EVERYTHING) {
          put(line, everything, "default", value);
        }
        return;
      }
      if (otherwise != null) {
        scope.warn(
            line,
            "duplicate default geo range value: \""
                + value
                + "\", old value: \""
                + otherwise
                + "\"");
      }
      otherwise = value;
    }

    private void put(Directive line, Network network, String text, String value) {
      hasNetworks = true;
      String old = table(network).put(network, value);
      if (old != null) {
        scope.warn(
            line,
            "duplicate network \""
                + text
                + "\", value: \""
                + value
                + "\", old value: \""
                + old
                + "\"");
      }
    }

    /// Many lines share few values.
    private String text(Directive line) {
      return texts.computeIfAbsent(line.argument(0), text -> text);
    }

    private Network network(Directive line, String text) {
      Network network;
      try {
        network = Network.parse(text);
      } catch (IllegalArgumentException _) {
        throw ConfigException.at(line, "invalid network \"" + text + "\"");
      }
      if (network.hasLowBits()) {
        scope.warn(line, "low address bits of " + text + " are meaningless");
      }
      return network;
    }

    private AddressTable table(Network network) {
      return network.length() == 4 ? networks4 : networks6;
    }

    private void add(Directive line) {
      put(line, network(line, line.name()), line.name(), text(line));
    }

    private void remove(Directive line) {
      Network network = network(line, line.argument(0));
      hasNetworks = true;
      if (table(network).remove(network) == null) {
        scope.warn(line, "no network \"" + line.argument(0) + "\" to delete");
      }
    }

    private void add(Directive line, RangeTable table) {
      int[] range = range(line, line.name());
      switch (table.add(range[0], range[1], text(line))) {
        case RangeTable.Added.New _ -> {}
        case RangeTable.Added.Replaced(String old) ->
            scope.warn(
                line,
                "duplicate range \""
                    + line.name()
                    + "\", value: \""
                    + text(line)
                    + "\", old value: \""
                    + old
                    + "\"");
        case RangeTable.Added.Overlaps(String other) ->
            throw ConfigException.at(
                line, "range \"" + line.name() + "\" overlaps \"" + other + "\"");
      }
    }

    private void remove(Directive line, RangeTable table) {
      int[] range = range(line, line.argument(0));
      if (!table.remove(range[0], range[1])) {
        scope.warn(line, "no address range \"" + line.argument(0) + "\" to delete");
      }
    }

    private static int[] range(Directive line, String text) {
      int dash = text.indexOf('-');
      byte[] start = dash < 0 ? null : Network.address(text.substring(0, dash));
      byte[] end = dash < 0 ? null : Network.address(text.substring(dash + 1));
      if (start != null
          && end != null
          && start.length == 4
          && end.length == 4
          && Integer.compareUnsigned(number(start), number(end)) <= 0) {
        return new int[] {number(start), number(end)};
      }
      throw ConfigException.at(line, "invalid range \"" + text + "\"");
    }
  }
}
