/// `proxy_pass`: attempts, retries, forwarding.
@NullMarked
package dev.turnout.http.proxy;

import org.jspecify.annotations.NullMarked;
