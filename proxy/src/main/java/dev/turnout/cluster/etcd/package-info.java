/// etcd as the store that nodes share, by its JSON gateway.
@NullMarked
package dev.turnout.cluster.etcd;

import org.jspecify.annotations.NullMarked;
