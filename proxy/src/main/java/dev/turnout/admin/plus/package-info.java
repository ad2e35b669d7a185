/// The REST API of NGINX Plus over the node's live state.
@NullMarked
package dev.turnout.admin.plus;

import org.jspecify.annotations.NullMarked;
