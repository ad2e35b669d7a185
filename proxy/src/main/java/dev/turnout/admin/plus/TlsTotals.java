package dev.turnout.admin.plus;

/// TLS handshakes by what became of them.
record TlsTotals(
    long handshakes,
    long failed,
    long reuses,
    long noCommonProtocol,
    long noCommonCipher,
    long timeouts,
    long rejectedByPeer,
    long noCert,
    long expiredCert,
    long revokedCert,
    long hostnameMismatch,
    long otherFailures) {
  /// Neither side of the proxy speaks TLS.
  static final TlsTotals NONE = new TlsTotals(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
