/// One file per nginx module that decides who may pass: allow and deny.
@NullMarked
package dev.turnout.http.access;

import org.jspecify.annotations.NullMarked;
