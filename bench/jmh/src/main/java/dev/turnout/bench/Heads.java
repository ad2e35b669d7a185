package dev.turnout.bench;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import java.nio.charset.StandardCharsets;

/// Message heads as they come from real clients, for benchmarks to work on.
final class Heads {
  /// What a desktop browser sends for a page: 15 fields, 4 of them not well known.
  static final String BROWSER =
      """
      GET /shop/items/4711?sort=price HTTP/1.1
      Host: shop.example.com
      Connection: keep-alive
      Cache-Control: max-age=0
      sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"
      sec-ch-ua-mobile: ?0
      sec-ch-ua-platform: "Linux"
      Upgrade-Insecure-Requests: 1
      User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36
      Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8
      Sec-Fetch-Site: same-origin
      Sec-Fetch-Mode: navigate
      Accept-Encoding: gzip, deflate, br
      Accept-Language: en-GB,en;q=0.9
      Referer: https://shop.example.com/shop/items
      Cookie: session=0123456789abcdef0123456789abcdef; theme=dark

      """
          .replace("\n", "\r\n");

  private Heads() {}

  /// The bytes of a head.
  static byte[] bytes(String head) {
    return head.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// The fields of a head, as the codec would have filled them in.
  static Fields fields(String head) {
    byte[] data = bytes(head);
    Fields fields = new Fields();
    fields.reset(data);
    int line = head.indexOf('\n') + 1;
    while (head.charAt(line) != '\r') {
      int end = head.indexOf('\r', line);
      int colon = head.indexOf(':', line);
      int length = colon - line;
      fields.add(line, length, colon + 2, end - colon - 2, FieldName.hash(data, line, length));
      line = end + 2;
    }
    return fields;
  }
}
