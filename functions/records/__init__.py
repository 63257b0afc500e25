"""Data records of users, in the relational database."""
