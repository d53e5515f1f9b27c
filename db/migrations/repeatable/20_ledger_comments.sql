-- What the ledger promises about columns that other rooms read.
COMMENT ON COLUMN ledger_change.from_start IS 'Start of the first quarter hour that was closed, published or revised.';
COMMENT ON COLUMN ledger_change.to_start IS 'Start of the last one: inclusive.';
COMMENT ON COLUMN interval.rev IS '1 when published at closing; a value that came after the quarter hour was closed as missing begins at 2.';
COMMENT ON COLUMN day_total.local_date IS 'The wall date on which the enterprise''s day begins.';
