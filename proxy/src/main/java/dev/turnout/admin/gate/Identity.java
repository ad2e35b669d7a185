package dev.turnout.admin.gate;

/// Who asks, as far as it is proven: `key:NAME`, `user:NAME`, `uid:N`, or an address alone.
record Identity(String name, Role role) {}
