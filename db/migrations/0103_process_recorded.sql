-- When a process was last told to be commissioned otherwise: rules judge their past again by it. Applied once, never edited.

ALTER TABLE process ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN process.recorded_at IS
    'When its commissioning date was recorded as it is; a correction of it holds for all time. -infinity: before this was kept.';
