"""What a command found, before it is summarised: with terms, images and functions."""
