package dev.turnout.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractEventExecutorGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Loops of which each new connection gets the one that is chosen then. They belong to somebody
/// else, who ends them.
public final class ChosenLoops extends AbstractEventExecutorGroup implements EventLoopGroup {
  private final EventLoopGroup owners;
  private final Supplier<EventLoop> choice;

  /// @param owners the loops that are chosen from, as far as one has to speak for all
  /// @param choice asked for each connection, by the loop that accepts it
  public ChosenLoops(EventLoopGroup owners, Supplier<EventLoop> choice) {
    this.owners = owners;
    this.choice = choice;
  }

  @Override
  public EventLoop next() {
    return choice.get();
  }

  @Override
  public ChannelFuture register(Channel channel) {
    return next().register(channel);
  }

  @Override
  public ChannelFuture register(ChannelPromise promise) {
    return next().register(promise);
  }

  @Override
  @Deprecated
  public ChannelFuture register(Channel channel, ChannelPromise promise) {
    return next().register(channel, promise);
  }

  @Override
  public Iterator<EventExecutor> iterator() {
    return owners.iterator();
  }

  @Override
  public boolean isShuttingDown() {
    return owners.isShuttingDown();
  }

  @Override
  public boolean isShutdown() {
    return owners.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return owners.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return owners.awaitTermination(timeout, unit);
  }

  @Override
  public Future<?> terminationFuture() {
    return owners.terminationFuture();
  }

  @Override
  public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
    throw new UnsupportedOperationException("the loops are somebody else's");
  }

  @Override
  @Deprecated
  public void shutdown() {
    throw new UnsupportedOperationException("the loops are somebody else's");
  }
}
