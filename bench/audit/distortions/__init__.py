"""The distortions, one a module: adding one touches its module and its test alone."""
