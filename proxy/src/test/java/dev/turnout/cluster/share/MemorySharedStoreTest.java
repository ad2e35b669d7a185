package dev.turnout.cluster.share;

/// The engine that other tests use does what engines do.
class MemorySharedStoreTest extends SharedStoreContract {
  private final MemorySharedStore.Server server = new MemorySharedStore.Server();

  @Override
  protected SharedStore open() {
    return new MemorySharedStore(server);
  }
}
