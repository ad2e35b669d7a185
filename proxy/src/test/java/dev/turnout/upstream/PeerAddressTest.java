package dev.turnout.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeerAddressTest {
  @ParameterizedTest
  @CsvSource({
    "7f000001, 127.0.0.1",
    "00000000000000000000000000000001, [::1]",
    "00000000000000000000000000000000, [::]",
    "20010db8000000000000000000000001, [2001:db8::1]",
    "20010db8000000010000000000000001, [2001:db8:0:1::1]",
    "20010db8000000000001000000000001, [2001:db8::1:0:0:1]",
    "20010db8000100010001000100000001, [2001:db8:1:1:1:1:0:1]",
    "fe800000000000000000000000000000, [fe80::]",
    "00010002000300040005000600070008, [1:2:3:4:5:6:7:8]",
    "00000000000000000000ffff01020304, [::ffff:1.2.3.4]",
    "00000000000000000000000001020304, [::1.2.3.4]",
    "00000000000000000000000000000304, [::0.0.3.4]",
  })
  void ipAddressesArePrintedAsNginxPrintsThem(String bytes, String text) {
    assertThat(InetText.of(HexFormat.of().parseHex(bytes))).isEqualTo(text);
  }

  @Test
  void aSocketAddressEndsWithItsPort() {
    assertThat(Servers.address(8080).text()).isEqualTo("127.0.0.1:8080");
  }

  @Test
  void aUnixSocketHasItsPrefix() {
    assertThat(new PeerAddress.Unix("/run/app.sock").text()).isEqualTo("unix:/run/app.sock");
  }

  @Test
  void anUnresolvedNameIsNoAddress() {
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved("backend", 80);

    assertThatIllegalArgumentException().isThrownBy(() -> new PeerAddress.Inet(unresolved));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    for (PeerAddress address :
        List.of(
            Servers.address(8080),
            new PeerAddress.Unix("/run/app.sock"),
            new PeerAddress.Unresolved("app.example.com", 8080, ""),
            new PeerAddress.Unresolved("app.example.com", 80, "http"))) {
      assertThat(PeerAddress.parse(address.text())).isEqualTo(address);
    }
  }
}
