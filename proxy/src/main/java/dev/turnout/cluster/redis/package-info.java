/// State that nodes share in Redis: the only package that sees its client.
@NullMarked
package dev.turnout.cluster.redis;

import org.jspecify.annotations.NullMarked;
