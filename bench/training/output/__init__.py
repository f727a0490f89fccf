"""What a training writes: its folder, checkpoints, log, sample grids, card, and the progress bar."""
