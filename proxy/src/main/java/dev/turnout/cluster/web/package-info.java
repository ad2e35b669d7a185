/// What engines have in common that are spoken to over HTTP.
@NullMarked
package dev.turnout.cluster.web;

import org.jspecify.annotations.NullMarked;
