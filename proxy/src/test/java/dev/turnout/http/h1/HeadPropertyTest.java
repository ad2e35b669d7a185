package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.RequestHead;
import dev.turnout.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Legal heads are taken apart into exactly what they were put together from, however they arrive.
class HeadPropertyTest {
  private static final String TCHARS = "!#$%&'*+-.^_`|~09azAZ";
  private static final String VALUE = "aZ09 \t,;:=\"/()<>@[]{}\u0080\u00ff";
  private static final String PATH = "aZ09-._~!$&'()*+,;=:@/%\u00e9\"<>|{}^`\\";

  private record Line(String name, String value) {}

  private final HeadLimits all = new HeadLimits(1024, 4, 8192, 1000, true, false);
  private final RequestParser requests = new RequestParser(all);
  private final ResponseParser responses = new ResponseParser(32 * 1024);
  private final RequestHead request = new RequestHead();
  private final ResponseHead response = new ResponseHead();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aLegalRequestHeadIsTakenApart(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      String method = text(random, "ABYZ_-", 1, 12);
      String target = "/" + text(random, PATH, 0, 40);
      String query = random.nextBoolean() ? "" : "?" + text(random, PATH + "?", 0, 40);
      if (method.equals("TRACE") || method.equals("CONNECT")) {
        continue;
      }
      int minor = random.nextInt(10);
      List<Line> lines = lines(random);
      lines.add(random.nextInt(lines.size() + 1), new Line("hOsT", "h" + i + ".test"));
      String head =
          method
              + " "
              + target
              + query
              + " HTTP/1."
              + minor
              + end(random)
              + written(random, lines)
              + end(random);

      request.reset();
      requests.reset();
      byte[] bytes = (head + "GET ").getBytes(StandardCharsets.ISO_8859_1);
      int end = drip(random, bytes);

      assertThat(end).as("%s: %s", requests.reason(), head).isEqualTo(head.length());
      assertThat(request.method()).isEqualTo(method);
      assertThat(request.rawTarget()).isEqualTo(target + query);
      assertThat(request.pathEnd() - request.targetStart()).isEqualTo(target.length());
      assertThat(request.version()).isEqualTo(minor == 0 ? 10 : 11);
      assertThat(request.host()).isEqualTo("h" + i + ".test");
      check(request.fields(), lines);
    }
  }

  private int drip(Random random, byte[] bytes) {
    int end = RequestParser.NEED_MORE;
    int p = 0;
    while (end == RequestParser.NEED_MORE && p < bytes.length) {
      int n = Math.min(bytes.length - p, random.nextInt(1, 300));
      request.append(bytes, p, n);
      p += n;
      end = requests.parse(request);
    }
    return end;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aLegalResponseHeadIsTakenApart(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      int status = random.nextInt(100, 1000);
      String reason = text(random, VALUE, 0, 20);
      List<Line> lines = lines(random);
      String head =
          "HTTP/1.1 " + status + " " + reason + end(random) + folded(random, lines) + end(random);

      response.reset();
      responses.reset();
      int end = ResponseParser.NEED_MORE;
      byte[] bytes = head.getBytes(StandardCharsets.ISO_8859_1);
      for (int p = 0; p < bytes.length && end == ResponseParser.NEED_MORE; ) {
        int n = Math.min(bytes.length - p, random.nextInt(1, 300));
        response.append(bytes, p, n);
        p += n;
        end = responses.parse(response);
      }

      assertThat(end).as("%s: %s", responses.reason(), head).isEqualTo(head.length());
      assertThat(response.status()).isEqualTo(status);
      assertThat(response.reason()).isEqualTo(reason);
      check(response.fields(), lines);
    }
  }

  private static void check(Fields fields, List<Line> lines) {
    assertThat(fields.count()).isEqualTo(lines.size());
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      assertThat(fields.name(i)).isEqualTo(line.name);
      assertThat(fields.value(i)).isEqualTo(line.value);
      FieldName name = FieldName.of(line.name);
      assertThat(fields.hash(i)).isEqualTo(name.hash());
      assertThat(fields.known(i)).isEqualTo(name.known());
      assertThat(fields.find(name)).isBetween(0, i);
    }
  }

  private static List<Line> lines(Random random) {
    List<Line> lines = new ArrayList<>();
    for (int n = random.nextInt(12); n > 0; n--) {
      lines.add(new Line(text(random, TCHARS, 1, 20), text(random, VALUE, 0, 120).strip()));
    }
    if (random.nextBoolean()) {
      lines.add(new Line("Cookie", "a=b; c=d"));
      lines.add(new Line("coOkie", ""));
    }
    return lines;
  }

  private static String written(Random random, List<Line> lines) {
    StringBuilder out = new StringBuilder();
    for (Line line : lines) {
      out.append(line.name).append(':').append(blanks(random)).append(line.value);
      out.append(blanks(random)).append(end(random));
    }
    return out.toString();
  }

  /// The same, with spaces inside values replaced by folds now and then.
  private static String folded(Random random, List<Line> lines) {
    StringBuilder out = new StringBuilder();
    for (Line line : lines) {
      out.append(line.name).append(':').append(blanks(random));
      String value = line.value;
      for (int i = 0; i < value.length(); i++) {
        boolean single =
            value.charAt(i) == ' '
                && !Character.isWhitespace(value.charAt(i - 1))
                && !Character.isWhitespace(value.charAt(i + 1));
        if (single && random.nextInt(3) == 0) {
          out.append(blanks(random)).append(end(random)).append(' ').append(blanks(random));
        } else {
          out.append(value.charAt(i));
        }
      }
      out.append(blanks(random)).append(end(random));
    }
    return out.toString();
  }

  private static String end(Random random) {
    return random.nextInt(4) == 0 ? "\n" : "\r\n";
  }

  private static String blanks(Random random) {
    return text(random, " \t", 0, 3);
  }

  private static String text(Random random, String alphabet, int least, int most) {
    StringBuilder out = new StringBuilder();
    for (int n = random.nextInt(least, most + 1); n > 0; n--) {
      out.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return out.toString();
  }
}
