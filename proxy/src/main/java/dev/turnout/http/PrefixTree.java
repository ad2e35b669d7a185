package dev.turnout.http;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A radix tree over strings that answers: which of the stored names is the longest prefix of this
/// text? Built once, then only read.
///
/// @param <V> what is stored under a name
final class PrefixTree<V> {
  private final Node<V> root = new Node<>("");

  private static final class Node<V> {
    private String edge;
    private @Nullable V value;
    private List<Node<V>> children = new ArrayList<>(2);

    Node(String edge) {
      this.edge = edge;
    }
  }

  void put(String name, V value) {
    Node<V> node = root;
    int at = 0;
    while (true) {
      if (at == name.length()) {
        node.value = value;
        return;
      }
      Node<V> next = child(node, name.charAt(at));
      if (next == null) {
        Node<V> leaf = new Node<>(name.substring(at));
        leaf.value = value;
        node.children.add(leaf);
        return;
      }
      int shared = shared(next.edge, name, at);
      if (shared < next.edge.length()) {
        split(next, shared);
      }
      at += shared;
      node = next;
    }
  }

  @Nullable V longest(String text) {
    Node<V> node = root;
    V best = root.value;
    int at = 0;
    int length = text.length();
    while (at < length) {
      Node<V> next = child(node, text.charAt(at));
      if (next == null || !text.startsWith(next.edge, at)) {
        return best;
      }
      at += next.edge.length();
      node = next;
      if (node.value != null) {
        best = node.value;
      }
    }
    return best;
  }

  private static <V> void split(Node<V> node, int at) {
    Node<V> rest = new Node<>(node.edge.substring(at));
    rest.value = node.value;
    rest.children = node.children;
    node.edge = node.edge.substring(0, at);
    node.value = null;
    node.children = new ArrayList<>(2);
    node.children.add(rest);
  }

  private static <V> @Nullable Node<V> child(Node<V> node, char first) {
    List<Node<V>> children = node.children;
    for (int i = 0; i < children.size(); i++) {
      Node<V> child = children.get(i);
      if (child.edge.charAt(0) == first) {
        return child;
      }
    }
    return null;
  }

  private static int shared(String edge, String name, int at) {
    int limit = Math.min(edge.length(), name.length() - at);
    int shared = 0;
    while (shared < limit && edge.charAt(shared) == name.charAt(at + shared)) {
      shared++;
    }
    return shared;
  }
}
