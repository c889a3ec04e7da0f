"""Summaries: what was found, told as plain values; each command's result is made here.

What is found holds terms, images and functions; a result holds none of them.  A summary decides
nothing: every verdict in it was reached before.
"""
