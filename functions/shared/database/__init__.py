"""The relational database: one connection a process through RDS Proxy, signed in by IAM."""
