"""What is known of an instance: dirty fields, baseline, and what a transaction touched."""
