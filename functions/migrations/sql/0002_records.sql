-- A user's own data, and what is known about it. A version counts the changes, so that of two writers one is told.
CREATE TABLE platform.records (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES platform.users (id) ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'active',
    payload jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT records_status CHECK (status IN ('active', 'archived')),
    CONSTRAINT records_payload_object CHECK (jsonb_typeof(payload) = 'object'),
    CONSTRAINT records_version_positive CHECK (version > 0)
);

CREATE INDEX records_by_owner ON platform.records (owner_id, created_at DESC, id DESC);
CREATE INDEX records_by_owner_and_status ON platform.records (owner_id, status, created_at DESC, id DESC);
CREATE INDEX records_by_time ON platform.records (created_at DESC, id DESC);

CREATE TABLE platform.metadata (
    record_id uuid PRIMARY KEY REFERENCES platform.records (id) ON DELETE CASCADE,
    attributes jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT metadata_attributes_object CHECK (jsonb_typeof(attributes) = 'object')
);

-- For attributes @> '{"colour": "red"}': containment is all that is asked, and this form is the smallest for it.
CREATE INDEX metadata_by_attribute ON platform.metadata USING gin (attributes jsonb_path_ops);
