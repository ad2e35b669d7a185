package dev.turnout.upstream.sticky;

/// How an upstream's requests are bound to servers, as configured: `sticky`.
///
/// A request names its server, or its session, by a value of its own that
/// [dev.turnout.upstream.PickContext#stickyKey()] has. A server is named by its route: what its
/// `route=` says, or else [RouteId#of].
public sealed interface Sticky permits StickyCookie, StickyRoute, StickyLearn {}
