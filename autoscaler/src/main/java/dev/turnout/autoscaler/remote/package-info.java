/// The autoscaler alone, for servers behind a proxy that speaks the API of NGINX Plus: `turnout
/// autoscale`.
@NullMarked
package dev.turnout.autoscaler.remote;

import org.jspecify.annotations.NullMarked;
