package dev.turnout.admin.prometheus;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The exposition formats that scrapers understand.
enum Format {
  TEXT("text/plain; version=0.0.4; charset=utf-8"),
  OPEN_METRICS("application/openmetrics-text; version=1.0.0; charset=utf-8");

  private final String contentType;

  Format(String contentType) {
    this.contentType = contentType;
  }

  String contentType() {
    return contentType;
  }

  /// The format for this `Accept`: OpenMetrics for those who ask for it and like it no less than
  /// text.
  static Format accepted(@Nullable String accept) {
    if (accept == null) {
      return TEXT;
    }
    double open = 0;
    double text = 0;
    for (String range : accept.split(",", -1)) {
      String[] parts = range.split(";", -1);
      double quality = quality(parts);
      switch (parts[0].strip().toLowerCase(Locale.ROOT)) {
        case "application/openmetrics-text" -> open = Math.max(open, quality);
        case "text/plain" -> text = Math.max(text, quality);
        default -> {
          // a wildcard is content with either
        }
      }
    }
    return open > 0 && open >= text ? OPEN_METRICS : TEXT;
  }

  private static double quality(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip();
      if (parameter.startsWith("q=") || parameter.startsWith("Q=")) {
        try {
          return Double.parseDouble(parameter.substring(2));
        } catch (NumberFormatException _) {
          return 0;
        }
      }
    }
    return 1;
  }
}
