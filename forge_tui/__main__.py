"""`python -m forge_tui` and the `forge-tui` script: hands over to the command line."""

from forge_tui.cli.main import forge_tui


def main() -> None:
    """Run the command line and exit with its code."""
    forge_tui(prog_name="forge-tui")


if __name__ == "__main__":
    main()
