package dev.turnout.cluster.redis;

import dev.turnout.cluster.share.StoreSpec;
import io.lettuce.core.RedisURI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a Redis is, and how to log in there.
///
/// @param uri for the client; of a cluster the first member that is named
/// @param members of a cluster, as far as they are named; empty: it is none
/// @param label for people: without secrets
/// @param secret what must not be shown; empty: there is none
/// @param trusted the certificates that its own is signed by; null: those that Java trusts
/// @param copies on how many replicas a write has to be before it is answered
record RedisAddress(
    RedisURI uri,
    List<RedisURI> members,
    String label,
    String secret,
    @Nullable Path trusted,
    int copies) {
  static final String CLUSTER = "redis+cluster";

  private static final int USUAL_PORT = 6379;
  private static final int SENTINEL_PORT = 26379;
  private static final int MOST_COPIES = 100;
  private static final int MOST_DATABASES = 1_000_000;

  private record Place(String host, int port) {
    String text() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /// @throws IllegalArgumentException if it cannot be right
  static RedisAddress parse(StoreSpec spec) {
    String scheme = spec.scheme();
    boolean cluster = scheme.equals(CLUSTER);
    boolean sentinel = scheme.equals("redis+sentinel");
    String rest = spec.address().substring(scheme.length());
    if (!rest.startsWith("://")) {
      throw new IllegalArgumentException("an address is written " + usual(scheme));
    }
    if (spec.prefix().startsWith("@")) {
      throw new IllegalArgumentException("a prefix does not begin with \"@\" in Redis");
    }
    if (cluster && !ClusterMembers.hasTag(spec.prefix())) {
      throw new IllegalArgumentException(
          "in a Redis Cluster all keys have to be in one slot, by a {tag} in the prefix: such as"
              + " \"prefix={turnout}:\"");
    }
    rest = rest.substring(3);
    String user = "";
    String password = "";
    int at = rest.lastIndexOf('@');
    if (at >= 0) {
      String login = rest.substring(0, at);
      rest = rest.substring(at + 1);
      int colon = login.indexOf(':');
      user = colon < 0 ? "" : decoded(login.substring(0, colon));
      password = decoded(login.substring(colon + 1));
    }
    String[] parts = rest.split("/", -1);
    if (parts.length > (sentinel ? 3 : cluster ? 1 : 2) || (sentinel && parts.length < 2)) {
      throw new IllegalArgumentException("an address is written " + usual(scheme));
    }
    List<Place> places = places(parts[0], sentinel || cluster, scheme);
    int database = database(parts.length > (sentinel ? 2 : 1) ? parts[parts.length - 1] : "");

    RedisURI uri = new RedisURI();
    if (sentinel) {
      if (parts[1].isEmpty()) {
        throw new IllegalArgumentException("an address is written " + usual(scheme));
      }
      uri.setSentinelMasterId(parts[1]);
      places.forEach(place -> uri.getSentinels().add(RedisURI.create(place.host, place.port)));
    } else {
      uri.setHost(places.getFirst().host);
      uri.setPort(places.getFirst().port);
    }
    uri.setDatabase(database);
    uri.setSsl(scheme.equals("rediss"));
    uri.setTimeout(spec.timeout());
    uri.setClientName("turnout");
    if (!password.isEmpty()) {
      uri.setCredentialsProvider(
          new io.lettuce.core.StaticCredentialsProvider(
              user.isEmpty() ? null : user, password.toCharArray()));
    }
    List<RedisURI> members =
        cluster
            ? places.stream()
                .map(place ->
                    RedisURI.builder(uri).withHost(place.host).withPort(place.port).build())
                .toList()
            : List.of();
    String label =
        scheme
            + "://"
            + String.join(",", places.stream().map(Place::text).toList())
            + (sentinel ? "/" + parts[1] : "")
            + (cluster ? "" : "/" + database);
    return new RedisAddress(uri, members, label, password, trusted(spec, scheme), copies(spec));
  }

  private static String usual(String scheme) {
    return switch (scheme) {
      case "redis+sentinel" -> "redis+sentinel://host:26379,host:26379/master";
      case CLUSTER -> "redis+cluster://user:password@host:6379,host:6379";
      default -> scheme + "://user:password@host:6379/0";
    };
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException("the user or password is not URL-encoded");
    }
  }

  private static List<Place> places(String text, boolean several, String scheme) {
    List<Place> places = new ArrayList<>();
    for (String one : several ? text.split(",", -1) : new String[] {text}) {
      int end = one.startsWith("[") ? one.indexOf(']') + 1 : Math.max(one.indexOf(':'), 0);
      if (!one.startsWith("[") && one.indexOf(':') < 0) {
        end = one.length();
      }
      String host = one.substring(0, end);
      String port = one.substring(end);
      if (host.isEmpty() || !(port.isEmpty() || port.startsWith(":"))) {
        throw new IllegalArgumentException("an address is written " + usual(scheme));
      }
      places.add(
          new Place(
              host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
              port.isEmpty()
                  ? several && !scheme.equals(CLUSTER) ? SENTINEL_PORT : USUAL_PORT
                  : number("port", port.substring(1), 1, 65_535)));
    }
    return places;
  }

  private static int database(String text) {
    return text.isEmpty() ? 0 : number("database", text, 0, MOST_DATABASES);
  }

  private static int copies(StoreSpec spec) {
    String text = spec.parameters().get(RedisEngine.WAIT);
    return text == null ? 0 : number(RedisEngine.WAIT, text, 0, MOST_COPIES);
  }

  private static @Nullable Path trusted(StoreSpec spec, String scheme) {
    String text = spec.parameters().get(RedisEngine.TRUSTED);
    if (text == null) {
      return null;
    }
    if (!scheme.equals("rediss")) {
      throw new IllegalArgumentException(
          "\"" + RedisEngine.TRUSTED + "\" is for addresses that begin with rediss://");
    }
    Path file = Path.of(text);
    if (!Files.isReadable(file)) {
      throw new IllegalArgumentException("\"" + file + "\" cannot be read");
    }
    return file;
  }

  private static int number(String what, String text, int least, int most) {
    try {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // not a number at all
    }
    throw new IllegalArgumentException(
        "the " + what + " is a number from " + least + " to " + most + ", not \"" + text + "\"");
  }
}
