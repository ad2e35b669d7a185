package dev.turnout.http.proxy;

import dev.turnout.http.Template;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a location has been told about proxying. Times are milliseconds, sizes bytes.
///
/// @param target where requests go
/// @param headers the head of the request to the upstream
/// @param connectTimeout `proxy_connect_timeout`
/// @param sendTimeout `proxy_send_timeout`
/// @param readTimeout `proxy_read_timeout`
/// @param buffering `proxy_buffering`
/// @param requestBuffering `proxy_request_buffering`
/// @param bufferSize `proxy_buffer_size`: the largest response head
/// @param retries `proxy_next_upstream` and its limits
/// @param hidden the fields of a response that are not passed on
/// @param redirects `proxy_redirect`
/// @param ignoreClientAbort `proxy_ignore_client_abort`
/// @param interceptErrors `proxy_intercept_errors`
/// @param passRequestBody `proxy_pass_request_body`
/// @param method `proxy_method`
/// @param socketKeepalive `proxy_socket_keepalive`
/// @param options what few locations are told
record ProxySettings(
    ProxyTarget target,
    RequestComposer headers,
    long connectTimeout,
    long sendTimeout,
    long readTimeout,
    boolean buffering,
    boolean requestBuffering,
    int bufferSize,
    RetryPolicy retries,
    HiddenFields hidden,
    List<FieldRewrite> redirects,
    boolean ignoreClientAbort,
    boolean interceptErrors,
    boolean passRequestBody,
    @Nullable Template method,
    boolean socketKeepalive,
    ProxyOptions options) {}
