"""Every kernel that some sources name, judged and kept.

``sources`` says what there is, lazily and in order; ``judge`` is what becomes of one of them in a
worker; ``workers`` are processes of this machine; ``sweep`` puts them together with the store.

Guarantees: whatever a source names has one fate, and one of the six words for it; a worker that
dies or hangs costs the image it had, by name; what ends a sweep loses at most what was being
judged, and the same sweep goes on from there; the same kernel is judged once.
"""

__all__ = ["apt", "interface", "records"]
