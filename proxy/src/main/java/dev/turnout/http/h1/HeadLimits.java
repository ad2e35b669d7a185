package dev.turnout.http.h1;

/// What a request head may cost and which names it may have: the directives of the same names.
///
/// @param clientHeaderBufferSize `client_header_buffer_size`, in bytes
/// @param largeBuffers the number of `large_client_header_buffers`
/// @param largeBufferSize the size of each of them, and so of the longest line
/// @param maxHeaders `max_headers`, the most field lines
/// @param underscoresInHeaders `underscores_in_headers`: an underscore is a usual character of
///   names
/// @param ignoreInvalidHeaders `ignore_invalid_headers`: fields with unusual names are dropped
public record HeadLimits(
    int clientHeaderBufferSize,
    int largeBuffers,
    int largeBufferSize,
    int maxHeaders,
    boolean underscoresInHeaders,
    boolean ignoreInvalidHeaders) {
  /// nginx's defaults.
  public static final HeadLimits DEFAULT = new HeadLimits(1024, 4, 8 * 1024, 1000, false, true);

  public HeadLimits {
    if (clientHeaderBufferSize < 1 || largeBuffers < 0 || largeBufferSize < 1 || maxHeaders < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
