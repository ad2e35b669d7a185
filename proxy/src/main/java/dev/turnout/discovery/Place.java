package dev.turnout.discovery;

import java.util.Optional;

/// Where a server is, as registries write it. What is neither an address nor a name is none:
/// nothing that would read otherwise in a `server` line comes through here.
public final class Place {
  private static final int LONGEST_NAME = 253;

  private Place() {}

  /// `HOST:PORT` as a `server` line has it; empty if the text is none.
  public static Optional<String> of(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return Optional.empty();
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]") && host.length() > 2;
    return of(
        bracketed ? host.substring(1, host.length() - 1) : host,
        port(text.substring(colon + 1)),
        bracketed);
  }

  /// A host and a port as a `server` line has them; empty if they are none.
  ///
  /// @param host a name, or an address without brackets
  public static Optional<String> of(String host, long port) {
    return of(host, port, host.indexOf(':') >= 0);
  }

  private static Optional<String> of(String host, long port, boolean v6) {
    if (port < 1 || port > 65535) {
      return Optional.empty();
    }
    if (v6) {
      return isV6(host) ? Optional.of("[" + host + "]:" + port) : Optional.empty();
    }
    return isName(host) ? Optional.of(host + ":" + port) : Optional.empty();
  }

  private static long port(String digits) {
    boolean number =
        !digits.isEmpty()
            && digits.length() <= 5
            && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return number ? Long.parseLong(digits) : -1;
  }

  private static boolean isV6(String host) {
    if (host.indexOf(':') < 0 || host.indexOf('%') >= 0) {
      return false;
    }
    try {
      return java.net.Inet6Address.ofLiteral(host) != null;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static boolean isName(String host) {
    boolean plain =
        !host.isEmpty()
            && host.length() <= LONGEST_NAME
            && host.charAt(0) != '-'
            && host.charAt(0) != '.'
            && host.chars()
                .allMatch(c ->
                    (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || c == '.'
                        || c == '-'
                        || c == '_');
    boolean digits = host.chars().allMatch(c -> (c >= '0' && c <= '9') || c == '.');
    return plain && (!digits || isV4(host));
  }

  /// Four numbers, and not what else Java or a C library would take for an address.
  private static boolean isV4(String host) {
    String[] parts = host.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (String part : parts) {
      if (part.isEmpty() || part.length() > 3 || Integer.parseInt(part) > 255) {
        return false;
      }
      if (part.length() > 1 && part.startsWith("0")) {
        return false;
      }
    }
    return true;
  }
}
