"""`python -m gateway` is `o2c`."""

from gateway.cli import main

if __name__ == "__main__":
    main()
