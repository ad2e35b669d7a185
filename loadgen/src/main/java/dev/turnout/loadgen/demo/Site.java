package dev.turnout.loadgen.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The configuration of the demo: the article's groups and its switch on Turnout's own directives,
/// with an autoscaler on the group that the requests go to.
final class Site {
  private Site() {}

  /// Writes it.
  ///
  /// @param machines those that the autoscaler turns on and off
  /// @param alwaysOn those of the groups that a host can be switched to
  static void write(
      Path directory,
      int port,
      List<Machine> machines,
      List<Machine> alwaysOn,
      int hooks,
      double packing,
      String wait)
      throws IOException {
    Files.createDirectories(directory.resolve("logs"));
    Files.createDirectories(directory.resolve("state"));
    String all =
        IntStream.range(0, machines.size())
            .mapToObj(i ->
                "        server 127.0.0.1:%d slow_start=1s%s;\n"
                    .formatted(machines.get(i).port(), i == 0 ? "" : " down"))
            .collect(Collectors.joining());
    StringBuilder groups = new StringBuilder();
    for (int count = alwaysOn.size(); count > 0; count--) {
      groups.append("    upstream energyaware_servers_").append(count).append(" {\n");
      for (Machine machine : alwaysOn.subList(0, count)) {
        groups.append("        server 127.0.0.1:").append(machine.port()).append(";\n");
      }
      groups.append("        keepalive 64;\n");
      groups.append("    }\n");
    }
    Files.writeString(
        directory.resolve("nginx.conf"),
        """
        daemon off;
        worker_processes 1;
        error_log logs/error.log notice;
        pid logs/nginx.pid;
        events { worker_connections 4096; }
        http {
            access_log off;
            default_type text/plain;

            # Which group serves a host: kept on disk, changed at run time.
            keyval_zone zone=switch:1m state=state/switch.json;
            keyval $host $ups zone=switch default=energyaware_servers_default;

            # As many of these as the requests need.
            upstream energyaware_servers_default {
                zone energyaware_servers_default 64k;
        %s        pack %d;
                keepalive 64;
                autoscale just_enough packing=%d spares=0 t_wait=%s interval=1s
                          drain_timeout=10s setup=2s;
                autoscale_start http://127.0.0.1:%d/start?id=$id;
                autoscale_stop  http://127.0.0.1:%d/stop?id=$id;
                autoscale_ready uri=/ timeout=30s;
            }
        %s
            server {
                listen 127.0.0.1:%d;
                server_name localhost;

                location = /upstream_switch { upstream_switch zone=switch; }
                location /control { control_api write=on; }
                location /dashboard { dashboard; }
                location = /metrics { prometheus; }
                location / { proxy_pass http://$ups; proxy_next_upstream error timeout http_502; }
            }
        }
        """
            .formatted(
                all, Math.round(packing), Math.round(packing), wait, hooks, hooks, groups, port));
  }
}
