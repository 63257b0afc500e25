"""What the three functions of batch predictions share: the record, the files, and where a callback may go."""
