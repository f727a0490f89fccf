"""What is checked before a release: `python -m tests.support.release`, or `make release-check`."""
