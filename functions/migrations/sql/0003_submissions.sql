-- Work that a user has asked for, and what came of it.
CREATE TABLE platform.submissions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES platform.users (id) ON DELETE CASCADE,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'queued',
    request jsonb NOT NULL,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT submissions_kind CHECK (kind IN ('insights', 'batch', 'inference')),
    CONSTRAINT submissions_status CHECK (status IN ('queued', 'running', 'done', 'failed')),
    CONSTRAINT submissions_request_object CHECK (jsonb_typeof(request) = 'object'),
    CONSTRAINT submissions_end CHECK ((finished_at IS NOT NULL) = (status IN ('done', 'failed')))
);

CREATE INDEX submissions_by_owner ON platform.submissions (owner_id, created_at DESC, id DESC);
CREATE INDEX submissions_by_owner_and_status
    ON platform.submissions (owner_id, status, created_at DESC, id DESC);
CREATE INDEX submissions_by_time ON platform.submissions (created_at DESC, id DESC);
CREATE INDEX submissions_by_status ON platform.submissions (status, created_at DESC, id DESC);

CREATE TABLE platform.results (
    submission_id uuid NOT NULL REFERENCES platform.submissions (id) ON DELETE CASCADE,
    position integer NOT NULL,
    output jsonb NOT NULL,
    model_version text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (submission_id, position),
    CONSTRAINT results_position CHECK (position >= 0)
);
