package dev.turnout.systemtest;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/// The files of the sites in `sites/`, all of one age.
final class SiteFiles {
  private static final Map<String, String> FILES = new TreeMap<>();

  static {
    FILES.put("wordpress/index.html", "<title>plain</title>\n");
    FILES.put("wordpress/page.html", "<title>page</title>\n");
    FILES.put("wordpress/robots.txt", "User-agent: *\n");
    FILES.put("wordpress/index.php", "not to be seen\n");
    FILES.put("wordpress/wp-login.php", "not to be seen\n");
    FILES.put("wordpress/wp-admin/index.php", "not to be seen\n");
    FILES.put("wordpress/.htaccess", "not to be seen\n");
    FILES.put("wordpress/wp-content/themes/t/style.css", "body { color: red }\n");
    FILES.put("wordpress/wp-content/uploads/2026/a.jpg", "a picture\n");
    FILES.put("wordpress/wp-content/uploads/2026/evil.php", "not to be seen\n");
    FILES.put("spa/index.html", "<div id=app>single page application</div>\n");
    FILES.put("spa/offline.html", "<p>offline</p>\n");
    FILES.put("spa/sub/index.html", "<p>sub</p>\n");
    FILES.put("spa/assets/app.js", "console.log('app');\n".repeat(20));
    FILES.put("spa/assets/app.css", "body { color: blue }\n");
    FILES.put("chat/index.html", "<p>chat</p>\n");
    FILES.put("chat/app.js", "new WebSocket('/ws');\n");
    FILES.put("maintenance/maintenance.html", "<p>back soon</p>\n");
    FILES.put("maintenance/maintenance.on", "");
    FILES.put("maintenance/404.html", "<p>not here</p>\n");
    FILES.put("maintenance/50x.html", "<p>broken</p>\n");
    FILES.put("maintenance/static/logo.svg", "<svg/>\n");
    FILES.put("uploads/passwords", "me:{PLAIN}secret\n");
    for (String name : new String[] {"private", "modified", "hour", "noetag", "before", "never"}) {
      FILES.put("caching/" + name + "/a.html", "<p>" + name + "</p>\n");
    }
    FILES.put("caching/index.html", "<p>cached</p>\n");
    FILES.put("caching/nocharset/a.html", "<p>nocharset</p>\n");
    FILES.put("caching/app.css", "body { color: green }\n");
    FILES.put("caching/app.js", "void 0;\n");
    FILES.put("caching/logo.svg", "<svg/>\n");
    FILES.put("caching/photo.png", "not a png\n");
    FILES.put("caching/data.json", "{\"a\":1}\n");
    FILES.put("caching/json/data.json", "{\"b\":2}\n");
    FILES.put("caching/unknown.bin", "bytes\n");
    FILES.put("caching/list/a file & <more>.txt", "x".repeat(12_345));
    FILES.put("caching/list/directory/x", "x");
    FILES.put("caching/list/" + "long".repeat(20) + ".txt", "x");
    FILES.put("caching/gz/app.css", "body { color: gray }\n");
    FILES.put("vhosts/joe/a.txt", "joe's\n");
  }

  private SiteFiles() {}

  /// Writes them below `root`.
  static void write(Path root, FileTime time) throws IOException {
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      Path path = root.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue(), StandardCharsets.ISO_8859_1);
    }
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write("body { color: gray; packed: yes }\n".getBytes(StandardCharsets.ISO_8859_1));
    }
    Files.write(root.resolve("caching/gz/app.css.gz"), packed.toByteArray());
    try (var all = Files.walk(root)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.setLastModifiedTime(path, time);
      }
    }
  }
}
