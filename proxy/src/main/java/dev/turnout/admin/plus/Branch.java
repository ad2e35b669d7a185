package dev.turnout.admin.plus;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A place with fixed names below it, such as `/http/`; it answers with these names.
record Branch(List<Entry> entries) implements Resource {
  Branch {
    entries = List.copyOf(entries);
  }

  /// A name, and the first version of the API that has it.
  record Entry(String name, int since, Resource resource) {}

  static Branch of(Entry... entries) {
    return new Branch(List.of(entries));
  }

  static Entry entry(String name, Resource resource) {
    return new Entry(name, 0, resource);
  }

  static Entry entry(String name, int since, Resource resource) {
    return new Entry(name, since, resource);
  }

  @Override
  public @Nullable Resource child(Call call, String name) {
    for (Entry entry : entries) {
      if (entry.name.equals(name) && entry.since <= call.version()) {
        return entry.resource;
      }
    }
    return null;
  }

  @Override
  public Reply get(Call call) {
    List<String> names = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.since <= call.version()) {
        names.add(entry.name);
      }
    }
    return Reply.ok(Document.names(names));
  }
}
