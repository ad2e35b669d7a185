/// Upstreams and clients for tests, on plain blocking sockets; knows no proxy.
@NullMarked
package dev.turnout.testkit;

import org.jspecify.annotations.NullMarked;
