package dev.turnout.autoscaler;

/// Something to be done to one server, named by its place in the group.
public sealed interface Action {
  int server();

  /// The word for it in explanations.
  String verb();

  /// A server that is off is to be started.
  record Start(int server) implements Action {
    @Override
    public String verb() {
      return "starting";
    }
  }

  /// A server that drains is to take requests again: it costs no setup.
  record TakeBack(int server) implements Action {
    @Override
    public String verb() {
      return "taking back";
    }
  }

  /// A server is to take no new requests, and to be off when it has ended those it has.
  record Drain(int server) implements Action {
    @Override
    public String verb() {
      return "draining";
    }
  }

  /// A server that is starting is not needed any more.
  record GiveUp(int server) implements Action {
    @Override
    public String verb() {
      return "not starting";
    }
  }
}
