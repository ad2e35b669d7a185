package dev.turnout.cluster.etcd;

import dev.turnout.cluster.share.Transaction;
import dev.turnout.cluster.web.Bytes;
import dev.turnout.json.JsonText;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Bodies of requests to etcd's gateway.
final class Requests {
  private Requests() {}

  /// What one key is.
  static String get(String key) {
    return JsonText.of(out -> {
      out.writeStartObject();
      out.writeStringProperty("key", Bytes.encoded(key));
      out.writeEndObject();
    });
  }

  /// Keys from one to another, `limit` of them at most.
  ///
  /// @param revision as they were then; 0: as they are
  static String range(String from, String to, long limit, long revision) {
    return JsonText.of(out -> {
      out.writeStartObject();
      range(out, from, to);
      out.writeStringProperty("limit", Long.toString(limit));
      if (revision > 0) {
        out.writeStringProperty("revision", Long.toString(revision));
      }
      out.writeEndObject();
    });
  }

  private static void range(JsonGenerator out, String from, String to) {
    out.writeStringProperty("key", Bytes.encoded(from));
    out.writeStringProperty("range_end", Bytes.encoded(to));
  }

  /// What happens to keys from one to another, from a revision on.
  static String watch(String from, String to, long revision) {
    return JsonText.of(out -> {
      out.writeStartObject();
      out.writeName("create_request");
      out.writeStartObject();
      range(out, from, to);
      out.writeStringProperty("start_revision", Long.toString(revision));
      out.writeEndObject();
      out.writeEndObject();
    });
  }

  /// A transaction, which counts up the marker, and tells what is expected if that is not so.
  static String transaction(Transaction transaction, String marker) {
    return JsonText.of(out -> {
      out.writeStartObject();
      out.writeName("compare");
      out.writeStartArray();
      transaction.expected().forEach((key, version) -> compare(out, key, version));
      out.writeEndArray();
      out.writeName("success");
      out.writeStartArray();
      for (Map.Entry<String, @Nullable String> one : transaction.writes().entrySet()) {
        write(out, one.getKey(), one.getValue());
      }
      write(out, marker, "");
      out.writeEndArray();
      out.writeName("failure");
      out.writeStartArray();
      for (String key : transaction.expected().keySet()) {
        out.writeStartObject();
        out.writeName("request_range");
        out.writeStartObject();
        out.writeStringProperty("key", Bytes.encoded(key));
        out.writeEndObject();
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    });
  }

  /// The revision of a key that is not there is 0; none has -1.
  private static void compare(JsonGenerator out, String key, String version) {
    boolean known = !version.isEmpty() && version.chars().allMatch(c -> c >= '0' && c <= '9');
    String revision = known ? version : version.equals(Transaction.ABSENT) ? "0" : "-1";
    out.writeStartObject();
    out.writeStringProperty("key", Bytes.encoded(key));
    out.writeStringProperty("target", "MOD");
    out.writeStringProperty("result", "EQUAL");
    out.writeStringProperty("mod_revision", revision);
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, String key, @Nullable String value) {
    out.writeStartObject();
    out.writeName(value == null ? "request_delete_range" : "request_put");
    out.writeStartObject();
    out.writeStringProperty("key", Bytes.encoded(key));
    if (value != null) {
      out.writeStringProperty("value", Bytes.encoded(value));
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  /// A key that lives as long as a lease.
  static String put(String key, String value, String lease) {
    return JsonText.of(out -> {
      out.writeStartObject();
      out.writeStringProperty("key", Bytes.encoded(key));
      out.writeStringProperty("value", Bytes.encoded(value));
      out.writeStringProperty("lease", lease);
      out.writeEndObject();
    });
  }

  /// A lease for this many seconds.
  static String grant(long seconds) {
    return JsonText.of(out -> {
      out.writeStartObject();
      out.writeStringProperty("TTL", Long.toString(seconds));
      out.writeEndObject();
    });
  }

  /// Something about a lease.
  static String lease(String id) {
    return JsonText.of(out -> {
      out.writeStartObject();
      out.writeStringProperty("ID", id);
      out.writeEndObject();
    });
  }

  /// The first key behind all that begin with this; behind the last one it is the end of all keys.
  static String after(String prefix) {
    for (int i = prefix.length() - 1; i >= 0; i--) {
      if (prefix.charAt(i) < 0xff) {
        return prefix.substring(0, i) + (char) (prefix.charAt(i) + 1);
      }
    }
    return "\0";
  }
}
