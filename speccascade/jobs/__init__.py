"""Walks one job: what is asked, what is there, what is left."""
