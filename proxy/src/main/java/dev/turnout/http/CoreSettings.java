package dev.turnout.http;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The core module's settings of one location. Times are milliseconds, sizes bytes.
///
/// @param root `root`, or null where `alias` is given
/// @param alias `alias`
/// @param aliasPrefix how many bytes of the path `alias` stands for; -1 where it is the file itself
/// @param defaultType `default_type`
/// @param types `types`: extension in lower case to media type
/// @param clientMaxBodySize `client_max_body_size`; 0 is no limit
/// @param clientBodyBufferSize `client_body_buffer_size`
/// @param clientBodyTimeout `client_body_timeout`
/// @param clientBodyInFileOnly `client_body_in_file_only`
/// @param clientBodyTempPath where bodies are kept that do not fit
/// @param sendTimeout `send_timeout`
/// @param keepaliveTimeout `keepalive_timeout`; 0 closes after each response
/// @param keepaliveHeaderSeconds the second argument of `keepalive_timeout`, or -1
/// @param keepaliveRequests `keepalive_requests`
/// @param keepaliveTime `keepalive_time`
/// @param keepaliveMinTimeout `keepalive_min_timeout`
/// @param lingeringClose `lingering_close`
/// @param lingeringTime `lingering_time`
/// @param lingeringTimeout `lingering_timeout`
/// @param chunkedTransferEncoding `chunked_transfer_encoding`
/// @param absoluteRedirect `absolute_redirect`
/// @param portInRedirect `port_in_redirect`
/// @param serverNameInRedirect `server_name_in_redirect`
/// @param serverHeader what the `Server` field says, null for none
/// @param errorPages `error_page`
/// @param recursiveErrorPages `recursive_error_pages`
/// @param authDelay `auth_delay`; 0 is none
/// @param msiePadding `msie_padding`
/// @param msieRefresh `msie_refresh`
/// @param earlyHints `early_hints`: passed on if one of them is neither empty nor 0
/// @param errorLog where errors of this location are told
public record CoreSettings(
    @Nullable Template root,
    @Nullable Template alias,
    int aliasPrefix,
    String defaultType,
    Map<String, String> types,
    long clientMaxBodySize,
    long clientBodyBufferSize,
    long clientBodyTimeout,
    BodyInFile clientBodyInFileOnly,
    String clientBodyTempPath,
    long sendTimeout,
    long keepaliveTimeout,
    long keepaliveHeaderSeconds,
    int keepaliveRequests,
    long keepaliveTime,
    long keepaliveMinTimeout,
    Lingering lingeringClose,
    long lingeringTime,
    long lingeringTimeout,
    boolean chunkedTransferEncoding,
    boolean absoluteRedirect,
    boolean portInRedirect,
    boolean serverNameInRedirect,
    @Nullable String serverHeader,
    ErrorPages errorPages,
    boolean recursiveErrorPages,
    long authDelay,
    boolean msiePadding,
    boolean msieRefresh,
    List<Template> earlyHints,
    dev.turnout.log.ErrorLog errorLog) {

  /// `client_body_in_file_only`.
  public enum BodyInFile {
    OFF,
    CLEAN,
    ON
  }

  /// `lingering_close`.
  public enum Lingering {
    OFF,
    ON,
    ALWAYS
  }
}
