package dev.turnout.app;

import static dev.turnout.config.Context.EVENTS;
import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.MAIN;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveRegistry;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.util.List;
import java.util.Set;

/// `load_module`: distributions put it in front of every configuration. Nothing is loaded. What
/// there is of a module is built in; the directives of one that is not there are refused where they
/// stand, so the line itself does no harm, and is warned of.
final class LoadModule {
  private static final Setting<List<String>> LOADED = Setting.listOf("load_module");
  private static final String SUFFIX = ".so";

  /// What is built in of the modules that are loaded elsewhere, under the names of their files.
  private static final Set<String> BUILT_IN =
      Set.of(
          "ndk_http_module",
          "ngx_http_dyups_module",
          "ngx_http_echo_module",
          "ngx_http_headers_more_filter_module",
          "ngx_http_lua_module",
          "ngx_http_upsync_module");

  /// Modules that do nothing unless their directives ask for it.
  private static final Set<String> WITHOUT_USE =
      Set.of(
          "ngx_http_auth_pam_module",
          "ngx_http_auth_spnego_module",
          "ngx_http_brotli_filter_module",
          "ngx_http_brotli_static_module",
          "ngx_http_cache_purge_module",
          "ngx_http_dav_ext_module",
          "ngx_http_fancyindex_module",
          "ngx_http_geoip2_module",
          "ngx_http_geoip_module",
          "ngx_http_image_filter_module",
          "ngx_http_js_module",
          "ngx_http_memc_module",
          "ngx_http_modsecurity_module",
          "ngx_http_perl_module",
          "ngx_http_set_misc_module",
          "ngx_http_srcache_filter_module",
          "ngx_http_subs_filter_module",
          "ngx_http_uploadprogress_module",
          "ngx_http_upstream_fair_module",
          "ngx_http_vhost_traffic_status_module",
          "ngx_http_xslt_filter_module",
          "ngx_http_zstd_filter_module",
          "ngx_http_zstd_static_module",
          "ngx_mail_module",
          "ngx_nchan_module",
          "ngx_otel_module",
          "ngx_rtmp_module",
          "ngx_stream_geoip2_module",
          "ngx_stream_geoip_module",
          "ngx_stream_js_module",
          "ngx_stream_module");

  private LoadModule() {}

  static void register(DirectiveRegistry directives) {
    directives
        .directive("load_module")
        .in(MAIN)
        .repeatable()
        .read(LoadModule::read)
        .syntax("file")
        .summary(
            "Accepted for modules that are built in; for others that are known, with a warning.")
        .differs(
            "No file is loaded or looked for. Directives of modules that are not there are refused.");
  }

  private static void read(Directive d, Scope scope) {
    if (!scope.children(EVENTS).isEmpty() || !scope.children(HTTP).isEmpty()) {
      throw ConfigException.directive(d, "is specified too late");
    }
    String file = d.argument(0);
    String name = file.substring(file.lastIndexOf('/') + 1);
    name = name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    if (scope.get(LOADED).contains(name)) {
      throw ConfigException.at(d, 0, "module \"" + name + "\" is already loaded");
    }
    if (WITHOUT_USE.contains(name)) {
      scope.warn(d, "module \"" + name + "\" is not part of turnout: its directives are refused");
    } else if (!BUILT_IN.contains(name)) {
      throw ConfigException.at(d, 0, "module \"" + name + "\" is not supported by turnout");
    }
    scope.append(LOADED, name);
  }
}
