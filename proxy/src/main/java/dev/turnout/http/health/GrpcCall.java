package dev.turnout.http.health;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// What a `health_check type=grpc` asks and takes for healthy: `grpc.health.v1.Health/Check` of the
/// gRPC health checking protocol, its two messages written and read here (protocol buffers).
///
/// @param service `grpc_service`; empty asks for the server as a whole
/// @param status `grpc_status`: another status of the call that is healthy too, as 12 of a server
///   that does not know the protocol; 0 for none
record GrpcCall(String service, int status) {
  /// What the call is made to.
  static final String PATH = "/grpc.health.v1.Health/Check";

  /// The trailer with the status of the call.
  static final String STATUS = "grpc-status";

  private static final int PREFIX = 5; // a flag for compression, and the length
  private static final int SERVING = 1;
  private static final String[] STATES = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

  /// The one message that is sent, with gRPC's prefix.
  byte[] request() {
    byte[] name = service.getBytes(StandardCharsets.ISO_8859_1);
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    if (name.length > 0) {
      message.write(1 << 3 | 2); // field 1, a string
      int length = name.length;
      for (; length > 0x7f; length >>>= 7) {
        message.write((length & 0x7f) | 0x80);
      }
      message.write(length);
      message.writeBytes(name);
    }
    byte[] bytes = message.toByteArray();
    return ByteBuffer.allocate(PREFIX + bytes.length)
        .putInt(1, bytes.length)
        .put(PREFIX, bytes)
        .array();
  }

  /// Judges a call that is over.
  ///
  /// @param grpcStatus `grpc-status` of its trailers
  /// @param body what came before them
  Found judge(String grpcStatus, byte[] body) {
    if (grpcStatus.equals(String.valueOf(status))) {
      return status == 0
          ? judge(body)
          : Found.passed("checking grpc status", "grpc-status " + status);
    }
    return grpcStatus.equals("0")
        ? judge(body)
        : Found.mismatch(
            "checking grpc status",
            "grpc-status " + (grpcStatus.isEmpty() ? "is missing" : grpcStatus));
  }

  private static Found judge(byte[] body) {
    int state;
    try {
      state = state(ByteBuffer.wrap(body));
    } catch (RuntimeException _) { // too short, or too long
      return Found.mismatch("checking grpc message", "no HealthCheckResponse");
    }
    String seen = state >= 0 && state < STATES.length ? STATES[state] : String.valueOf(state);
    return state == SERVING
        ? Found.passed("checking grpc message", seen)
        : Found.mismatch("checking grpc message", seen);
  }

  /// Field 1 of the message; fields that are not known are skipped.
  private static int state(ByteBuffer body) {
    if (body.get() != 0) {
      throw new IllegalArgumentException("compressed, which was not offered");
    }
    ByteBuffer message = body.slice(PREFIX, body.getInt());
    int state = 0; // what protocol buffers leave out is zero
    while (message.hasRemaining()) {
      int tag = (int) varint(message);
      switch (tag & 7) {
        case 0 -> {
          long value = varint(message);
          state = tag >>> 3 == 1 ? (int) value : state;
        }
        case 1 -> message.position(message.position() + 8);
        case 2 -> message.position(Math.addExact((int) varint(message), message.position()));
        case 5 -> message.position(message.position() + 4);
        default -> throw new IllegalArgumentException("no such type");
      }
    }
    return state;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number without end");
  }
}
