-- Lists by the last change, and everybody's records of one status for an administrator.
CREATE INDEX records_by_owner_and_change ON platform.records (owner_id, updated_at DESC, id DESC);
CREATE INDEX records_by_change ON platform.records (updated_at DESC, id DESC);
CREATE INDEX records_by_status ON platform.records (status, created_at DESC, id DESC);

-- An owner of records is known by the id of their tokens, which hold no address; people are kept in one place only.
ALTER TABLE platform.users ALTER COLUMN email DROP NOT NULL;
