-- The role of the functions. It owns nothing, makes nothing, and sees no table of migrations.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'application') THEN
        CREATE ROLE application NOLOGIN;
    END IF;
END
$$;

-- Set here and not by each connection: a SET would pin the proxy's connection to one client.
ALTER ROLE application SET statement_timeout = '5s';
ALTER ROLE application SET lock_timeout = '2s';
ALTER ROLE application SET idle_in_transaction_session_timeout = '10s';

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA platform TO application;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.users, platform.records, platform.metadata TO application;
GRANT SELECT, INSERT, UPDATE ON platform.submissions TO application;
GRANT SELECT, INSERT ON platform.results TO application;
