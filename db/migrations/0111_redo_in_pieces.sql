-- What of the past is judged again may be more than one transaction takes: what is left of it, and from where it is told.
ALTER TABLE rule_subject ADD COLUMN redo_until timestamptz, ADD COLUMN retell_from timestamptz;
COMMENT ON COLUMN rule_subject.redo_from IS 'From here on the past is judged again: it failed (see error), or was too much for one run.';
COMMENT ON COLUMN rule_subject.redo_until IS 'To where; NULL: all that was judged.';
COMMENT ON COLUMN rule_subject.retell_from IS 'Since here answers were judged again whose alerts are not told yet: that is done once, when the last of them is.';
