"""Runs that were cut by hand: the share of the shards that a call takes, and how their folders become one."""
