"""What a kernel is made to do: an initramfs whose process does it step by step.

``init-arm64`` and ``init-arm`` are built from ``reference/drive``: static, without a libc.
"""
