"""What else than a hypercall reaches the code that answers hypercalls."""
