package dev.turnout.lua.dict;

import java.util.Arrays;

/// Which allocations would fit into a zone of shared memory of nginx: its slab allocator with pages
/// and size classes, but without the memory. So a dictionary of some size holds here what it holds
/// there, evicts when it evicts there, and says the same free space.
///
/// A request of at most half a page takes a chunk of the next power of two, in a page that has only
/// such chunks; a longer one takes whole pages in a row. Owned by one dictionary, guarded by its
/// monitor.
final class SlabPool {
  /// What [#allocate] returns when there is no room.
  static final long NONE = -1;

  private static final int PAGE = 4096;
  private static final int MIN_SHIFT = 3;
  private static final int LARGEST_CHUNK = PAGE / 2;
  private static final int CLASSES = 9;

  /// What nginx keeps at the beginning of a zone: the pool's head, its size classes and counters.
  private static final int HEAD = 200 + CLASSES * (24 + 32);

  private static final int PAGE_RECORD = 24;
  private static final int WHOLE_PAGES = 1023;
  private static final int HANDLE_SHIFT = 10;

  private final int pages;
  private final int free; // the list of free runs begins and ends at this index
  private final int[] slots = new int[CLASSES];

  // of the first page of a free run, or of pages in a row in use: how many they are
  private final int[] length;
  // of the last page of a free run: which is the first
  private final int[] first;
  private final boolean[] isFree;
  // links of the list that a page is in: of free runs, or of pages of one class with room; else -1
  private final int[] next;
  private final int[] previous;
  private final byte[] shift;
  private final long[][] taken;
  private final int[] chunksLeft;
  private int freePages;

  /// @param size the size of the zone in bytes
  SlabPool(long size) {
    long count = Math.max(0, (size - HEAD) / (PAGE + PAGE_RECORD));
    long begin = alignedToPage(HEAD + count * PAGE_RECORD);
    pages = (int) Math.min(count, Math.max(0, (size - begin) / PAGE));
    free = pages + CLASSES;
    length = new int[pages];
    first = new int[pages];
    isFree = new boolean[pages];
    shift = new byte[pages];
    taken = new long[pages][];
    chunksLeft = new int[pages];
    next = new int[free + 1];
    previous = new int[free + 1];
    Arrays.fill(next, -1);
    Arrays.fill(previous, -1);
    for (int slot = 0; slot < CLASSES; slot++) {
      slots[slot] = pages + slot;
      makeEmpty(pages + slot);
    }
    makeEmpty(free);
    if (pages > 0) {
      addFreeRun(0, pages);
    }
    freePages = pages;
  }

  private static long alignedToPage(long bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
  }

  /// Bytes in pages of which nothing is used.
  long freeBytes() {
    return (long) freePages * PAGE;
  }

  // ---- lists

  private void makeEmpty(int list) {
    next[list] = list;
    previous[list] = list;
  }

  private void addFirst(int list, int page) {
    next[page] = next[list];
    previous[page] = list;
    previous[next[list]] = page;
    next[list] = page;
  }

  private void unlink(int page) {
    next[previous[page]] = next[page];
    previous[next[page]] = previous[page];
    next[page] = -1;
    previous[page] = -1;
  }

  private boolean isLinked(int page) {
    return next[page] >= 0;
  }

  // ---- pages

  private void addFreeRun(int page, int count) {
    markFree(page, count);
    addFirst(free, page);
  }

  private void markFree(int page, int count) {
    length[page] = count;
    first[page + count - 1] = page;
    isFree[page] = true;
    isFree[page + count - 1] = true;
  }

  private int allocatePages(int count) {
    for (int page = next[free]; page != free; page = next[page]) {
      int run = length[page];
      if (run < count) {
        continue;
      }
      if (run > count) {
        // what is left takes the place of the run
        int rest = page + count;
        next[rest] = next[page];
        previous[rest] = previous[page];
        next[previous[page]] = rest;
        previous[next[page]] = rest;
        next[page] = -1;
        previous[page] = -1;
        markFree(rest, run - count);
      } else {
        unlink(page);
      }
      Arrays.fill(isFree, page, page + count, false);
      length[page] = count;
      freePages -= count;
      return page;
    }
    return -1;
  }

  private void freePages(int page, int count) {
    freePages += count;
    int begin = page;
    int run = count;
    int after = page + count;
    if (after < pages && isFree[after]) {
      run += length[after];
      unlink(after);
    }
    if (page > 0 && isFree[page - 1]) {
      begin = first[page - 1];
      run += length[begin];
      unlink(begin);
    }
    addFreeRun(begin, run);
  }

  // ---- chunks

  /// Takes room for so many bytes. Returns what [#release] wants, or [#NONE].
  long allocate(int size) {
    if (size > LARGEST_CHUNK) {
      int count = (size + PAGE - 1) / PAGE;
      int page = allocatePages(count);
      return page < 0 ? NONE : handle(page, WHOLE_PAGES);
    }
    int bits = Math.max(MIN_SHIFT, 32 - Integer.numberOfLeadingZeros(Math.max(size, 1) - 1));
    int slot = slots[bits - MIN_SHIFT];
    int page = next[slot];
    if (page == slot) {
      page = allocatePages(1);
      if (page < 0) {
        return NONE;
      }
      divide(page, bits);
      addFirst(slot, page);
    }
    int chunk = firstFree(taken[page]);
    taken[page][chunk >> 6] |= 1L << chunk;
    if (--chunksLeft[page] == 0) {
      unlink(page);
    }
    return handle(page, chunk);
  }

  private void divide(int page, int bits) {
    int chunks = PAGE >> bits;
    int ownChunks = chunks > 64 ? Math.max(1, chunks / (8 << bits)) : 0;
    long[] map = new long[(chunks + 63) / 64];
    if (chunks < 64) {
      map[0] = -1L << chunks;
    }
    map[0] |= (1L << ownChunks) - 1;
    shift[page] = (byte) bits;
    taken[page] = map;
    chunksLeft[page] = chunks - ownChunks;
  }

  private static int firstFree(long[] map) {
    for (int word = 0; word < map.length; word++) {
      if (map[word] != -1) {
        return (word << 6) + Long.numberOfTrailingZeros(~map[word]);
      }
    }
    throw new IllegalStateException("a page without room among those with room");
  }

  private static long handle(int page, int chunk) {
    return (long) page << HANDLE_SHIFT | chunk;
  }

  /// Gives back what [#allocate] has given.
  void release(long handle) {
    int page = (int) (handle >>> HANDLE_SHIFT);
    int chunk = (int) (handle & WHOLE_PAGES);
    if (chunk == WHOLE_PAGES) {
      freePages(page, length[page]);
      return;
    }
    int chunks = PAGE >> shift[page];
    int ownChunks = chunks > 64 ? Math.max(1, chunks / (8 << shift[page])) : 0;
    taken[page][chunk >> 6] &= ~(1L << chunk);
    if (!isLinked(page)) {
      addFirst(slots[shift[page] - MIN_SHIFT], page);
    }
    if (++chunksLeft[page] == chunks - ownChunks) {
      unlink(page);
      taken[page] = new long[0];
      freePages(page, 1);
    }
  }
}
