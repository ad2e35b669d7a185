package dev.turnout.bench;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Asking a browser's head for its fields.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class FieldsBenchmark {
  private final Fields fields = Heads.fields(Heads.BROWSER);
  private final byte[] data = fields.data();
  private final FieldName host = FieldName.of("Host");
  private final FieldName unknown = FieldName.of("X-Request-Id");
  private final FieldName platform = FieldName.of("sec-ch-ua-platform");
  private final int cookie = fields.find(FieldName.COOKIE);
  private final int mobile = fields.find(FieldName.of("sec-ch-ua-mobile"));

  /// A well-known name that is the first field.
  @Benchmark
  public int findFirst() {
    return fields.find(host);
  }

  /// A well-known name that is not there: all fields are asked.
  @Benchmark
  public int findMissing() {
    return fields.find(FieldName.TRANSFER_ENCODING);
  }

  /// A name that is there but not well known: `$http_sec_ch_ua_platform`.
  @Benchmark
  public int findByName() {
    return fields.find(platform);
  }

  /// A name that is neither.
  @Benchmark
  public int findMissingByName() {
    return fields.find(unknown);
  }

  /// What the parser pays for each field line with a well-known name.
  @Benchmark
  public int lookup() {
    return FieldName.lookup(
        fields.hash(cookie), data, fields.nameStart(cookie), fields.nameLength(cookie));
  }

  /// What the parser pays for a name that is not well known.
  @Benchmark
  public int lookupUnknown() {
    return FieldName.lookup(
        fields.hash(mobile), data, fields.nameStart(mobile), fields.nameLength(mobile));
  }

  /// A value as a `String`: what a variable pays.
  @Benchmark
  public String value() {
    return fields.value(cookie);
  }
}
