-- Every reading that somebody entered, with the entry it came in: what it corrects and what corrected it is seen here.

CREATE TABLE hand_reading (
    e      integer NOT NULL,
    batch  bigint NOT NULL,
    p      integer NOT NULL,
    ts     timestamptz NOT NULL,
    start  timestamptz,
    value  double precision NOT NULL,
    PRIMARY KEY (e, p, ts, batch),
    FOREIGN KEY (e, batch) REFERENCES hand_batch
);
CREATE INDEX hand_reading_of_batch ON hand_reading (e, batch);
COMMENT ON TABLE hand_reading IS 'Readings as they were entered by hand; of one instant the last entry holds. Never changed.';
COMMENT ON COLUMN hand_reading.value IS 'In the point''s unit, as the meter showed it.';

-- Of what was entered before, the readings that hold are known.
INSERT INTO hand_reading (e, batch, p, ts, start, value)
SELECT DISTINCT ON (r.e, r.p, r.ts) r.e, b.id, r.p, r.ts, r.start, r.value
FROM hand_batch AS b
JOIN point ON point.e = b.e AND point.code = ANY (b.points)
JOIN reading AS r ON r.e = b.e AND r.p = point.p AND r.ts >= b.first_ts AND r.ts <= b.last_ts AND r.origin = 2
ORDER BY r.e, r.p, r.ts, b.id DESC;
