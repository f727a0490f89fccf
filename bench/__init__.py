"""spgbench: which model fills holes better, by how much, how surely, and at what cost?"""
