package dev.turnout.systemtest;

import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;

/// The article's site on the native directives: a switch location, and a proxied one whose upstream
/// group is looked up by host.
final class SwitchSite {
  static final String DEFAULT_GROUP = "energyaware_servers_default";

  private SwitchSite() {}

  /// The site with these upstream groups, of which one is [#DEFAULT_GROUP].
  static String of(String groups) {
    return """
      keyval_zone zone=switch:4m state=state/switch.json;
      keyval $host $ups zone=switch default=%s;
      keepalive_requests 1000000000;
      proxy_http_version 1.1;
    %s
      server {
        listen 127.0.0.1:@PORT@;
        server_name energyaware.com localhost *.test;
        location = /upstream_switch {
          upstream_switch zone=switch;
          upstream_switch_allow 127.0.0.0/8:1024-65535;
        }
        location = /which { return 200 $ups; }
        location / {
          proxy_set_header Host $host:$server_port;
          proxy_set_header Connection "";
          proxy_pass http://$ups;
        }
      }
    """
        .formatted(DEFAULT_GROUP, groups);
  }

  /// A group of these addresses, kept alive.
  static String group(String name, String... addresses) {
    StringBuilder group = new StringBuilder("  upstream " + name + " {");
    for (String address : addresses) {
      group.append(" server ").append(address).append(';');
    }
    return group + " keepalive 64; }\n";
  }

  static String switchTo(String target) {
    return "/upstream_switch?ups=" + target;
  }

  /// Where requests of the host go now.
  static String which(int port, String host) throws IOException {
    RawResponse response = RawClient.get(port, host, "/which");
    if (response.status() != 200) {
      throw new AssertionError(response.raw());
    }
    return response.body();
  }
}
