"""What a training writes: its folder, checkpoints, log, sample grids and card."""
