-- Counts evaluations of an enterprise: a process that finds the number it left knows that nobody judged in between.
ALTER TABLE rule_cursor ADD COLUMN serial bigint NOT NULL DEFAULT 0;
