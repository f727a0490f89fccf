"""`python -m spgbench` is `spgbench`."""

from bench.cli import main

if __name__ == "__main__":
    main()
