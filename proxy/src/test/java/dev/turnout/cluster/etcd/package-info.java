@NullMarked
package dev.turnout.cluster.etcd;

import org.jspecify.annotations.NullMarked;
