"""What the product answers, before it is text or JSON: frozen records, one file a question."""
