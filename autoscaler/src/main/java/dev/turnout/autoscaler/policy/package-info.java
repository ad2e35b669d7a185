/// How many servers a load needs: the policies, one file each.
@NullMarked
package dev.turnout.autoscaler.policy;

import org.jspecify.annotations.NullMarked;
