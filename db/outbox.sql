-- name: what_the_rule_says(e, alert)^
SELECT v.definition::text AS definition, n.name_zh, n.name_en, n.timezone
FROM alert AS a
JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
JOIN enterprise AS n ON n.e = a.e
WHERE a.e = :e AND a.id = :alert;

-- name: told_channels(e, alert)
-- Channels that were sent, or will be sent, something about an alert.
SELECT DISTINCT channel FROM outbox WHERE e = :e AND alert = :alert AND event IS NOT NULL;

-- name: collected(e, alert)
-- Until when channels wait that were told nothing of an alert yet: all they are to be told of it is being collected.
SELECT channel, max(slot) AS slot FROM outbox
WHERE e = :e AND alert = :alert AND event IS NOT NULL AND gave_up_at IS NULL
GROUP BY channel
HAVING bool_and(sent_at IS NULL AND slot IS NOT NULL);

-- name: post_message(e, alert, transition, channel, event, told, payload, now, slot)!
INSERT INTO outbox (e, alert, transition, channel, event, told, payload, created_at, next_attempt_at, slot)
VALUES (:e, :alert, :transition, :channel, :event, :told, :payload::jsonb, :now, coalesce(:slot::timestamptz, :now::timestamptz), :slot);

-- name: take_single(channel, now, lease, n)
-- The oldest waiting message of each alert, after what of it is due together with others; nobody else takes it before the
-- lease is over.
WITH due AS (
    SELECT o.e, o.id FROM outbox AS o
    WHERE o.channel = :channel AND o.event IS NOT NULL AND o.sent_at IS NULL AND o.gave_up_at IS NULL AND o.slot IS NULL
      AND o.next_attempt_at <= :now
      AND NOT EXISTS (
          SELECT FROM outbox AS earlier
          WHERE earlier.e = o.e AND earlier.alert = o.alert AND earlier.channel = o.channel AND earlier.id < o.id
            AND earlier.sent_at IS NULL AND earlier.gave_up_at IS NULL AND (earlier.slot IS NULL OR earlier.slot <= :now))
    ORDER BY o.id LIMIT :n
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox AS o SET next_attempt_at = :lease, attempts = o.attempts + 1
FROM due WHERE o.e = due.e AND o.id = due.id
RETURNING o.e, o.id, o.attempts, o.created_at, o.slot, o.payload::text AS payload;

-- name: take_digest(channel, now, lease)
-- Everything of a channel's oldest slot that is due: what goes as one is tried as one.
UPDATE outbox AS o SET next_attempt_at = :lease, attempts = o.attempts + 1
WHERE o.channel = :channel AND o.event IS NOT NULL AND o.sent_at IS NULL AND o.gave_up_at IS NULL
  AND o.next_attempt_at <= :now
  AND o.slot = (SELECT min(s.slot) FROM outbox AS s
                WHERE s.channel = :channel AND s.event IS NOT NULL AND s.sent_at IS NULL AND s.gave_up_at IS NULL
                  AND s.slot <= :now AND s.next_attempt_at <= :now)
RETURNING o.e, o.id, o.attempts, o.created_at, o.slot, o.payload::text AS payload;

-- name: messages_sent(ids, now)!
UPDATE outbox SET sent_at = :now, last_error = NULL WHERE event IS NOT NULL AND id = ANY (:ids::bigint[]);

-- name: messages_failed(ids, error, next_attempt_at)!
UPDATE outbox SET last_error = :error, next_attempt_at = :next_attempt_at WHERE event IS NOT NULL AND id = ANY (:ids::bigint[]);

-- name: give_up(ids, error, now)!
UPDATE outbox SET gave_up_at = :now, last_error = :error WHERE event IS NOT NULL AND id = ANY (:ids::bigint[]);

-- name: give_up_channels(known, now)!
UPDATE outbox SET gave_up_at = :now, last_error = coalesce(last_error, 'the channel is not in the channels file any more')
WHERE event IS NOT NULL AND sent_at IS NULL AND gave_up_at IS NULL AND channel <> ALL (:known::text[]);

-- name: waiting(channel, now)$
SELECT count(*) FROM outbox
WHERE channel = :channel AND event IS NOT NULL AND sent_at IS NULL AND gave_up_at IS NULL AND (slot IS NULL OR slot <= :now);

-- name: put_channel_file(file, now, channels, mistakes)!
INSERT INTO channel_file (e, file, loaded_at, channels, mistakes) VALUES (0, :file, :now, :channels::jsonb, :mistakes::jsonb)
ON CONFLICT (e) DO UPDATE SET file = excluded.file, loaded_at = excluded.loaded_at, channels = excluded.channels,
    mistakes = excluded.mistakes;

-- name: channel_file()^
SELECT file, loaded_at, channels::text AS channels, mistakes::text AS mistakes FROM channel_file WHERE e = 0;

-- name: notifications(es, channel, state, alert, before, n)
-- What people were or will be told, newest first.
SELECT o.id, n.code AS enterprise, o.alert, a.severity, o.channel, o.event, o.told, o.payload ->> 'title' AS title,
       o.payload ->> 'key' AS key, o.created_at, o.slot, o.next_attempt_at, o.attempts, o.last_error, o.sent_at, o.gave_up_at
FROM outbox AS o
JOIN enterprise AS n ON n.e = o.e
JOIN alert AS a ON a.e = o.e AND a.id = o.alert
WHERE o.event IS NOT NULL AND o.e = ANY (:es::int[])
  AND (:channel::text IS NULL OR o.channel = :channel)
  AND (:alert::bigint IS NULL OR o.alert = :alert)
  AND (:state::text IS NULL
       OR :state = CASE WHEN o.sent_at IS NOT NULL THEN 'sent' WHEN o.gave_up_at IS NOT NULL THEN 'gave_up'
                        WHEN o.attempts > 0 AND o.last_error IS NOT NULL THEN 'failing' ELSE 'waiting' END)
  AND (:before::bigint IS NULL OR o.id < :before)
ORDER BY o.id DESC
LIMIT :n;
