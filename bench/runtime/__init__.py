"""What every room may use: prefetching, allocator, threads, compiled loops, progress."""
