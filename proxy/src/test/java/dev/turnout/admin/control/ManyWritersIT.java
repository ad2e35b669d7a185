package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ManyWritersIT {
  private static final int ROUNDS = 200;

  @Test
  void ofThoseThatNameTheSameRevisionExactlyOneWins() throws IOException {
    try (var proxy =
            TestProxy.start(
                """
                state_directory off;
                keyval_zone zone=z:32k;
                upstream app { server 127.0.0.1:1001; }
                server { listen 127.0.0.1:0; location /control { control_api write=on; } }
                """,
                2);
        var client = ControlClient.of(proxy)) {
      String etag = client.get("/state").etag();
      for (int round = 0; round < ROUNDS; round++) {
        String present = etag;
        int number = round + 2;
        List<CompletableFuture<Reply>> asked =
            List.of(
                client.later(
                    "PATCH",
                    "/upstreams/app/servers/0",
                    "{'weight':" + number + "}",
                    "If-Match",
                    present),
                client.later(
                    "PUT", "/zones/z/keys/k", "{'value':'" + number + "'}", "If-Match", present),
                client.later(
                    "POST",
                    "/changes",
                    "{'operations':[{'op':'set_key','zone':'z','key':'l','value':'%d'}]}"
                        .formatted(number),
                    "If-Match",
                    present));

        List<Reply> replies = asked.stream().map(CompletableFuture::join).toList();

        List<Reply> won = replies.stream().filter(reply -> reply.status() == 200).toList();
        assertThat(won).hasSize(1);
        etag = won.getFirst().etag();
        String next = etag;
        assertThat(replies.stream().filter(reply -> reply.status() == 412))
            .hasSize(2)
            .allSatisfy(reply -> assertThat(reply.etag()).isEqualTo(next));
        assertThat(client.get("/state").etag()).isEqualTo(next);
      }
    }
  }

  @Test
  void aReaderNeverSeesHalfOfAChange() throws IOException {
    try (var proxy =
            TestProxy.start(
                """
                state_directory off;
                keyval_zone zone=z:32k;
                upstream a { server 127.0.0.1:1001; }
                upstream b { server 127.0.0.1:1001; }
                server { listen 127.0.0.1:0; location /control { control_api write=on; } }
                """,
                2);
        var client = ControlClient.of(proxy)) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(() ->
              IntStream.range(2, ROUNDS)
                  .forEach(number ->
                      client.post(
                          "/changes",
                          """
                          {'operations':[
                            {'op':'update_server','upstream':'a','id':0,'set':{'weight':%1$d}},
                            {'op':'update_server','upstream':'b','id':0,'set':{'weight':%1$d}},
                            {'op':'set_key','zone':'z','key':'k','value':'%1$d'}]}
                          """
                              .formatted(number))));

      do {
        Reply state = client.get("/state");
        String weight = state.at("/upstreams/0/servers/0/weight");
        assertThat(state.at("/upstreams/1/servers/0/weight")).isEqualTo(weight);
        assertThat(state.at("/zones/0/entries/k")).isEqualTo(weight.equals("1") ? "-" : weight);
        assertThat(state.revision()).isEqualTo(Long.parseLong(weight) - 1);
      } while (!writing.isDone());
      writing.join();
    }
  }
}
