package dev.turnout.systemtest;

/// Directives for `http {}` that put a module of each kind on the way of every request, with values
/// that let all of them pass.
final class EverydayModules {
  static final String ON =
      """
      map $http_user_agent $agent { default other; ~curl curl; }
      map $host $site { hostnames; default none; *.test test; }
      geo $near { default no; 127.0.0.0/8 yes; }
      split_clients $request_uri $half { 50% one; * two; }
      limit_req_zone $binary_remote_addr zone=requests:1m rate=100000r/s;
      limit_conn_zone $binary_remote_addr zone=connections:1m;
      limit_req zone=requests burst=1000 nodelay;
      limit_conn connections 1000;
      log_format all '$remote_addr "$request" $status $agent $site $near $half $pipe';
      access_log everyday.log all;
      set_real_ip_from 192.0.2.1;
      real_ip_header X-Forwarded-For;
      allow 127.0.0.1;
      deny all;
      auth_request /none;
      mirror /none;
      add_header X-Site $site always;
      expires 1h;
      add_trailer X-Tail $site always;
      early_hints $remote_addr;
      userid on;
      gzip on;
      gzip_types *;
      gunzip on;
      charset utf-8;
      sub_filter_once off;
      sub_filter 'not in any answer' 'else';
      ssi on;
      ssi_types none/none;
      limit_rate 100m;
      keepalive_disable safari;
      recursive_error_pages on;
      proxy_intercept_errors on;
      proxy_cookie_path /a/ /b/;
      proxy_redirect http://nowhere.test/ /;
      """;

  private EverydayModules() {}
}
