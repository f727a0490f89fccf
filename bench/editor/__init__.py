"""The page on which a person edits label maps and sees the fill follow: what is edited, replays, sessions, the server."""
