/// `ngx.shared.DICT`: tables that all loops share, bounded in size, with expiry and LRU eviction.
@NullMarked
package dev.turnout.lua.dict;

import org.jspecify.annotations.NullMarked;
