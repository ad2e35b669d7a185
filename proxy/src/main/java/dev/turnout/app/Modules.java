package dev.turnout.app;

import dev.turnout.admin.DyupsModule;
import dev.turnout.admin.SwitchModule;
import dev.turnout.admin.UpstreamConfModule;
import dev.turnout.admin.control.ControlApiModule;
import dev.turnout.admin.control.GuardModule;
import dev.turnout.admin.dashboard.DashboardModule;
import dev.turnout.admin.gate.GateModule;
import dev.turnout.admin.plus.PlusApiModule;
import dev.turnout.admin.prometheus.PrometheusModule;
import dev.turnout.control.ChangeWriter;
import dev.turnout.discovery.Followers;
import dev.turnout.discovery.ServersFromModule;
import dev.turnout.discovery.upsync.UpsyncModule;
import dev.turnout.http.CoreModule;
import dev.turnout.http.CoreVariables;
import dev.turnout.http.EarlyBodyModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.LimitExceptModule;
import dev.turnout.http.LogModule;
import dev.turnout.http.ResolverModule;
import dev.turnout.http.SslModule;
import dev.turnout.http.StatusZoneModule;
import dev.turnout.http.SubrequestModule;
import dev.turnout.http.access.AccessModule;
import dev.turnout.http.access.AuthBasicModule;
import dev.turnout.http.access.AuthRequestModule;
import dev.turnout.http.access.DebugConnectionModule;
import dev.turnout.http.access.GeoModule;
import dev.turnout.http.access.LimitConnModule;
import dev.turnout.http.access.LimitReqModule;
import dev.turnout.http.access.RealIpModule;
import dev.turnout.http.access.RefererModule;
import dev.turnout.http.access.SatisfyModule;
import dev.turnout.http.access.SecureLinkModule;
import dev.turnout.http.content.EmptyGifModule;
import dev.turnout.http.content.MirrorModule;
import dev.turnout.http.content.StaticModule;
import dev.turnout.http.content.StubStatusModule;
import dev.turnout.http.content.TryFilesModule;
import dev.turnout.http.echo.EchoModule;
import dev.turnout.http.filter.AdditionModule;
import dev.turnout.http.filter.CharsetModule;
import dev.turnout.http.filter.GunzipModule;
import dev.turnout.http.filter.GzipModule;
import dev.turnout.http.filter.HeadersModule;
import dev.turnout.http.filter.HeadersMoreModule;
import dev.turnout.http.filter.KeepaliveDisableModule;
import dev.turnout.http.filter.LimitRateModule;
import dev.turnout.http.filter.NotModifiedModule;
import dev.turnout.http.filter.RangeModule;
import dev.turnout.http.filter.SliceModule;
import dev.turnout.http.filter.SubFilterModule;
import dev.turnout.http.filter.UserIdModule;
import dev.turnout.http.health.HealthModule;
import dev.turnout.http.proxy.ProxyModule;
import dev.turnout.http.proxy.QueueModule;
import dev.turnout.http.proxy.ServerListModule;
import dev.turnout.http.proxy.StickyModule;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.http.rewrite.KeyvalModule;
import dev.turnout.http.rewrite.MapModule;
import dev.turnout.http.rewrite.RewriteModule;
import dev.turnout.http.rewrite.SplitClientsModule;
import dev.turnout.http.ssi.SsiModule;
import dev.turnout.lua.LuaModule;
import dev.turnout.lua.dict.SharedDictModule;
import dev.turnout.scale.HostSwitchModule;
import dev.turnout.scale.ScaleModule;
import java.nio.file.Path;
import java.util.List;

/// The features of the HTTP plane, in the order in which their handlers run.
final class Modules {
  private Modules() {}

  static List<HttpModule> http(CoreModule core, Configuration.Outside process, Path prefix) {
    ChangeWriter writer = process.writer();
    KeyvalModule keyvals = new KeyvalModule();
    StickyModule sticky = new StickyModule();
    SatisfyModule satisfy = new SatisfyModule();
    AccessModule access = new AccessModule(satisfy);
    AuthBasicModule basic = new AuthBasicModule(satisfy);
    GateModule gate = new GateModule(access, basic, writer);
    RewriteModule rewrites = new RewriteModule();
    SharedDictModule dicts = new SharedDictModule(core, keyvals);
    ResolverModule resolvers = new ResolverModule(core);
    UpstreamModule upstreams =
        new UpstreamModule(resolvers, sticky, HealthModule::options, HealthModule.OF_UPSTREAMS);
    Followers.Plan followers =
        Followers.of(process.environment()).plan(process.control(), process.environment());
    StateModule state =
        new StateModule(writer.history(), process.control().drains(), process.journals(), prefix);
    LuaModule lua =
        new LuaModule(
            core,
            rewrites,
            satisfy,
            dicts,
            upstreams,
            writer,
            () -> String.join(" ", BuildInfo.load().configureArguments()));
    return List.of(
        core, // server, location, listen: what the others stand in
        new CoreVariables(),
        new SslModule(),
        new DebugConnectionModule(),
        state, // before what it remembers
        resolvers, // makes the resolvers before the others ask for them
        sticky,
        new QueueModule(),
        new ServerListModule(),
        new UpsyncModule(core, followers),
        new ServersFromModule(core, upstreams, followers),
        upstreams, // before proxy_pass, which names upstreams
        keyvals,
        new StateStoreModule(process.control().sharing(), state, keyvals), // after what it shares
        dicts, // dictionaries that may be zones
        new MapModule(),
        new SplitClientsModule(),
        new GeoModule(),
        new RefererModule(),
        new EarlyBodyModule(), // before all phases, as in nginx
        new RealIpModule(), // before all that asks where the client is
        new StatusZoneModule(), // phase SERVER_REWRITE: before anything may end the request
        lua.before(), // what is not to be postponed to after rewrite
        rewrites, // phases SERVER_REWRITE and REWRITE
        new SecureLinkModule(),
        new LimitReqModule(), // phase PREACCESS
        new LimitConnModule(),
        new LimitExceptModule(),
        access, // phase ACCESS
        gate, // after the rules by address; before the passwords whose guessing it slows down
        basic,
        new AuthRequestModule(satisfy), // the dearest to ask: after the other access rules
        lua, // scripts come after the other rules of their phases
        satisfy, // after all that has access rules
        new TryFilesModule(), // phase PRECONTENT
        new MirrorModule(), // after try_files, which may lead elsewhere
        new StubStatusModule(),
        new PrometheusModule(process.control()),
        new EmptyGifModule(),
        new ProxyModule(process.proxying()),
        new ScaleModule(process.control(), core), // after the upstreams that it is about
        new HostSwitchModule(process.control(), core, keyvals),
        new HealthModule(core), // after proxy_pass, whose locations it asks servers for
        new SwitchModule(keyvals, writer, gate),
        new GuardModule(writer),
        new ControlApiModule(process.control(), gate, upstreams),
        new DashboardModule(process.control()),
        new DyupsModule(upstreams, writer, gate),
        new UpstreamConfModule(upstreams, writer, gate),
        new PlusApiModule(writer, gate),
        new KeepaliveDisableModule(),
        new SliceModule(), // makes one body of many: before all who see it
        new NotModifiedModule(), // may drop the body: before the filters that add to the answer
        lua.filters(), // sees what was made before anything is added to it
        new HeadersMoreModule(), // end of phase REWRITE; sets what add_header adds to
        new EchoModule(prefix), // says its lines to all the filters
        new HeadersModule(), // adds fields: after all that set them
        new UserIdModule(),
        new GunzipModule(), // makes plain what others read
        new AdditionModule(), // what it adds is read by none of the filters of this response
        new SubFilterModule(),
        new CharsetModule(),
        new SsiModule(), // asks for subrequests: before they join
        new SubrequestModule(), // where the output of subrequests joins the response
        new GzipModule(), // makes it small again: after all that read bodies
        new RangeModule(), // cuts parts out of what nobody has changed
        new LimitRateModule(), // last of the filters: it is the wire that is limited
        new StaticModule(), // what answers where nothing else does
        new LogModule()); // last: the log tells how it ended
  }
}
