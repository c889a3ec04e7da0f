"""``python -m hypabi``: the command, where its script is not on the path."""

from hypabi.cli.start import command

if __name__ == "__main__":
    command()
