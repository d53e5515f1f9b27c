-- The district: what is judged of all plants together has a cursor, rules and alerts of its own.

ALTER TABLE enterprise ADD COLUMN scope text NOT NULL DEFAULT 'plant' CHECK (scope IN ('plant', 'district'));
COMMENT ON COLUMN enterprise.scope IS 'district: the one row that stands for all plants together; it has rules and alerts, no meters. Made when there is something to judge.';
CREATE UNIQUE INDEX enterprise_district ON enterprise (scope) WHERE scope = 'district';
