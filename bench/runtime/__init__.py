"""Help with running, for every room: device, progress, prefetching, memory, threads, compiled loops."""
