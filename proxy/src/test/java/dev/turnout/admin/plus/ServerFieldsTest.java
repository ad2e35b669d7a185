package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ServerFieldsTest {
  private static final PeerAddress HERE = new PeerAddress.Unix("/here");

  @Test
  void whatIsNotSaidHasTheDefaultsOfNginx() {
    PeerSpec spec = ServerFields.parse("{\"server\":\"unix:/here\"}").toSpec("unix:/here", HERE);

    assertThat(spec).isEqualTo(PeerSpec.of("unix:/here", HERE));
  }

  @Test
  void everythingThatIsSaidIsTaken() {
    PeerSpec spec =
        ServerFields.parse(
                """
                {"server":"x","weight":5,"max_conns":6,"max_fails":0,"fail_timeout":"1m","slow_start":"30s",
                 "route":"r","backup":true,"down":true,"drain":true}\
                """)
            .toSpec("x", HERE);

    assertThat(spec)
        .isEqualTo(
            new PeerSpec(-1, "x", HERE, 5, 6, 0, 60_000, 30_000, true, true, true, "r", null));
  }

  @Test
  void numbersMayComeAsStringsAndTimesAsNumbers() {
    PeerSpec spec = ServerFields.parse("{\"weight\":\"5\",\"fail_timeout\":7}").toSpec("x", HERE);

    assertThat(spec.weight()).isEqualTo(5);
    assertThat(spec.failTimeoutMillis()).isEqualTo(7000);
  }

  private static final String[][] REFUSED = {
    {"", "JsonError", "json error"},
    {"{\"server\": ", "JsonError", "json error"},
    {"{\"server\":\"x\"} x", "JsonError", "json error"},
    {"{\"weight\":1,\"weight\":2}", "JsonError", "json error"},
    {"{\"weight\":01}", "JsonError", "json error"},
    {"{\"server\":\"\u00ff\"}", "JsonError", "json error"},
    {"{\"server\":\"\\ud800\"}", "JsonError", "json error"},
    {"{\"a\":" + "[".repeat(2000) + "]".repeat(2000) + "}", "JsonError", "json error"},
    {"[]", "JsonError", "json error"},
    {"1", "JsonError", "json error"},
    {"{\"a\":1}", "UpstreamConfFormatError", "unknown parameter \"a\""},
    {"{\"id\":1}", "UpstreamConfFormatError", "unknown parameter \"id\""},
    {"{\"weight\":[1]}", "UpstreamConfFormatError", "nested object or list"},
    {"{\"server\":{}}", "UpstreamConfFormatError", "nested object or list"},
    {"{\"server\":1}", "UpstreamConfFormatError", "invalid \"server\" value"},
    {"{\"weight\":true}", "UpstreamConfFormatError", "invalid \"weight\" value"},
    {"{\"weight\":1.5}", "UpstreamConfFormatError", "invalid \"weight\" value"},
    {"{\"weight\":null}", "UpstreamConfFormatError", "invalid \"weight\" value"},
    {"{\"down\":\"true\"}", "UpstreamConfFormatError", "invalid \"down\" value"},
    {"{\"server\":\"\"}", "UpstreamBadAddress", "invalid \"server\" argument"},
    {"{\"weight\":0}", "UpstreamBadWeight", "invalid \"weight\""},
    {"{\"weight\":-1}", "UpstreamBadWeight", "invalid \"weight\""},
    {"{\"weight\":99999999999}", "UpstreamBadWeight", "invalid \"weight\""},
    {"{\"weight\":\"x\"}", "UpstreamBadWeight", "invalid \"weight\""},
    {"{\"max_conns\":-1}", "UpstreamBadMaxConns", "invalid \"max_conns\""},
    {"{\"max_fails\":-1}", "UpstreamBadMaxFails", "invalid \"max_fails\""},
    {"{\"fail_timeout\":\"1q\"}", "UpstreamBadFailTimeout", "invalid \"fail_timeout\""},
    {"{\"slow_start\":\"-1s\"}", "UpstreamBadSlowStart", "invalid \"slow_start\""},
    {"{\"service\":\"\"}", "UpstreamBadService", "\"service\" is empty"},
    {"{\"route\":\"" + "r".repeat(33) + "\"}", "UpstreamBadRoute", "route is too long"},
  };

  @TestFactory
  Stream<DynamicTest> whatMakesNoServerIsRefusedInTheWordsOfTheApi() {
    return Stream.of(REFUSED)
        .map(row ->
            DynamicTest.dynamicTest(
                "body " + row[0],
                () ->
                    assertThatExceptionOfType(Refusal.class)
                        .isThrownBy(() -> ServerFields.parse(row[0]))
                        .satisfies(refusal -> {
                          assertThat(refusal.code()).isEqualTo(row[1]);
                          assertThat(refusal.text()).isEqualTo(row[2]);
                          assertThat(refusal.status())
                              .isEqualTo(row[1].equals("JsonError") ? 415 : 400);
                        })));
  }
}
