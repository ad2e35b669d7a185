/// State that several nodes share: the `SharedStore` interface to the engines that hold it, and the
/// `Replica` that brings what a node serves together with what a store holds.
@NullMarked
package dev.turnout.cluster.share;

import org.jspecify.annotations.NullMarked;
