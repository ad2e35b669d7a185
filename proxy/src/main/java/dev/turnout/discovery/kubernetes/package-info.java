/// Servers from the EndpointSlices of a Kubernetes service.
@NullMarked
package dev.turnout.discovery.kubernetes;

import org.jspecify.annotations.NullMarked;
