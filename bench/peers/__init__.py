"""What is compared: each module does the same workloads with one library."""
