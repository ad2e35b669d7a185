package dev.turnout.http.ssi;

/// What `ssi_…` say in one location.
///
/// @param silentErrors `ssi_silent_errors`
/// @param keepsLastModified `ssi_last_modified`
/// @param longestValue `ssi_value_length`
record SsiSettings(boolean silentErrors, boolean keepsLastModified, int longestValue) {}
