"""The plots of a run and of a profile: one a file, drawn from an analysis, in one style."""
