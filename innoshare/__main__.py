"""`python -m innoshare`."""

from innoshare.cli import main

main()
