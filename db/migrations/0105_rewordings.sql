-- A rule that judges otherwise from now on leaves what was judged before as it was said, and told, by its old wording.
ALTER TABLE rule_subject ADD COLUMN worded_from timestamptz, ADD COLUMN worded_memory jsonb;
COMMENT ON COLUMN rule_subject.worded_from IS 'What ends before was judged by a wording that judged otherwise, and is not judged again; NULL: all of it by this one.';
COMMENT ON COLUMN rule_subject.worded_memory IS 'What the evaluator remembered at that instant.';
