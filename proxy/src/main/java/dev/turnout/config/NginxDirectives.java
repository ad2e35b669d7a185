package dev.turnout.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The names of all directives that nginx and its well-known modules have, each with its module.
final class NginxDirectives {
  private static final String RESOURCE = "nginx-directives.tsv";

  /// Modules that come neither with nginx nor with NGINX Plus: without them nginx itself knows none
  /// of their directives.
  private static final Set<String> ADDITIONS =
      Set.of(
          "nchan_module",
          "ngx_http_array_var_module",
          "ngx_http_auth_pam_module",
          "ngx_http_auth_spnego_module",
          "ngx_http_brotli_filter_module",
          "ngx_http_cache_purge_module",
          "ngx_http_dav_ext_module",
          "ngx_http_drizzle_module",
          "ngx_http_encrypted_session_module",
          "ngx_http_fancyindex_module",
          "ngx_http_form_input_module",
          "ngx_http_geoip2_module",
          "ngx_http_iconv_module",
          "ngx_http_memc_module",
          "ngx_http_modsecurity_module",
          "ngx_http_push_stream_module",
          "ngx_http_rds_csv_filter_module",
          "ngx_http_rds_json_filter_module",
          "ngx_http_redis2_module",
          "ngx_http_redis_module",
          "ngx_http_set_misc_module",
          "ngx_http_srcache_filter_module",
          "ngx_http_subs_filter_module",
          "ngx_http_upload_progress_module",
          "ngx_http_upstream_fair_module",
          "ngx_http_vhost_traffic_status_module",
          "ngx_http_zstd_filter_module",
          "ngx_postgres_module",
          "ngx_rtmp_module",
          "ngx_stream_lua_module");

  private final Map<String, String> modules;

  private NginxDirectives(Map<String, String> modules) {
    this.modules = modules;
  }

  static NginxDirectives load() {
    Map<String, String> modules = new TreeMap<>();
    try (InputStream in = NginxDirectives.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("missing resource " + RESOURCE);
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int tab = line.indexOf('\t');
        modules.put(line.substring(0, tab), line.substring(tab + 1));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new NginxDirectives(modules);
  }

  /// The module of a name; null if nobody has it.
  @Nullable String module(String name) {
    return modules.get(name);
  }

  /// True if nginx alone would not know the directives of this module.
  static boolean isAddition(String module) {
    return ADDITIONS.contains(module);
  }

  /// Name to module, sorted by name.
  Map<String, String> all() {
    return modules;
  }
}
