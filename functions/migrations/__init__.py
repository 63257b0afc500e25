"""Migrations: brings the database's schema to what the code needs, at each deployment."""
