-- Messages for people: a row a channel, at once or collected for a slot.

ALTER TABLE outbox
    ADD COLUMN event text,
    ADD COLUMN told text,
    ADD COLUMN slot timestamptz,
    ADD COLUMN gave_up_at timestamptz;
COMMENT ON COLUMN outbox.event IS 'What a person is told: raised, resolved, withdrawn, escalated, late; NULL: a transition for the broker.';
COMMENT ON COLUMN outbox.told IS 'Whom: the roles, and where to, without secrets.';
COMMENT ON COLUMN outbox.slot IS 'All messages of a channel with the same slot go as one, then; NULL: at once.';
COMMENT ON COLUMN outbox.gave_up_at IS 'Nobody took it for too long, or its channel is gone; it is not tried again.';
CREATE INDEX outbox_people ON outbox (id DESC) WHERE event IS NOT NULL;
CREATE INDEX outbox_due ON outbox (channel, next_attempt_at) WHERE sent_at IS NULL AND event IS NOT NULL;

CREATE TABLE channel_file (
    e          integer PRIMARY KEY,
    file       text NOT NULL,
    loaded_at  timestamptz NOT NULL,
    channels   jsonb NOT NULL,
    mistakes   jsonb NOT NULL
);
COMMENT ON TABLE channel_file IS 'The channels file as last read ([{name, address, roles, …}] without secrets); with mistakes it is refused. Enterprise 0 is all of them.';
