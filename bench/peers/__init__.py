"""The compared programs: each module does the same workloads with one library."""
