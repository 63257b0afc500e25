-- Who uses the platform. The id is the subject of their tokens, so that no request needs a look-up.
CREATE SCHEMA platform;

CREATE TABLE platform.users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_form CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_name_length CHECK (length(name) <= 200)
);

CREATE UNIQUE INDEX users_email ON platform.users (email);
CREATE INDEX users_by_time ON platform.users (created_at DESC, id DESC);
