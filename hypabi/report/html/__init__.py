"""A report as one HTML file that loads nothing and runs nothing, readable at 400 pixels.

Guarantees: every text is escaped, for only what :func:`markup.tag` makes is markup; colour never
says anything alone; whatever folds or scrolls can be reached by keyboard.
"""
