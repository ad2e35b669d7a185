package dev.turnout.http.proxy;

import dev.turnout.config.ConfigException;

/// The sizes of nginx's buffers for a response, which Turnout does not have. That they fit together
/// is checked, so that a configuration is good for both or for neither.
///
/// @param first `proxy_buffer_size`
/// @param buffers `proxy_buffers`
/// @param busy `proxy_busy_buffers_size`
/// @param mostInFile `proxy_max_temp_file_size`
/// @param fileWrite `proxy_temp_file_write_size`
record BufferSizes(long first, Buffers buffers, long busy, long mostInFile, long fileWrite) {
  /// What a size is that nobody has set: it follows from the others then.
  static final long UNSAID = -1;

  record Buffers(long number, long size) {}

  /// @throws ConfigException in nginx's words if they do not fit together
  void check() {
    if (buffers.number() < 2) {
      throw ConfigException.withoutPosition("there must be at least 2 \"proxy_buffers\"");
    }
    long largest = Math.max(first, buffers.size());
    long sent = busy == UNSAID ? 2 * largest : busy;
    if (sent < largest) {
      throw tooSmall("\"proxy_busy_buffers_size\" must be equal to or greater than");
    }
    if (sent > (buffers.number() - 1) * buffers.size()) {
      throw ConfigException.withoutPosition(
          "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one"
              + " buffer");
    }
    if (fileWrite != UNSAID && fileWrite < largest) {
      throw tooSmall("\"proxy_temp_file_write_size\" must be equal to or greater than");
    }
    if (mostInFile > 0 && mostInFile < largest) {
      throw tooSmall(
          "\"proxy_max_temp_file_size\" must be equal to zero to disable temporary files usage or"
              + " must be equal to or greater than");
    }
  }

  private static ConfigException tooSmall(String what) {
    return ConfigException.withoutPosition(
        what
            + " the maximum of the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"");
  }
}
