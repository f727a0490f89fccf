"""The page on which a person edits label maps and sees the fill follow: workspace, replay, sessions, server."""
