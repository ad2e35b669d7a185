/// `upsync`: servers from Consul and etcd, as nginx-upsync-module takes them.
@NullMarked
package dev.turnout.discovery.upsync;

import org.jspecify.annotations.NullMarked;
