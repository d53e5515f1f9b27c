-- Where power is bought (settlement meters with their contract and point of common coupling) and what may be used up.

CREATE TABLE supply (
    e     integer NOT NULL REFERENCES enterprise,
    id    integer GENERATED ALWAYS AS IDENTITY,
    code  text NOT NULL,
    PRIMARY KEY (e, id),
    UNIQUE (e, code)
);
COMMENT ON TABLE supply IS 'A settlement meter (关口): contract, class of user, point of common coupling.';

CREATE TABLE supply_version (
    e            integer NOT NULL,
    id           integer NOT NULL,
    valid_from   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    definition   jsonb NOT NULL,
    PRIMARY KEY (e, id, valid_from, recorded_at),
    FOREIGN KEY (e, id) REFERENCES supply
);

CREATE TABLE budget (
    e     integer NOT NULL REFERENCES enterprise,
    id    integer GENERATED ALWAYS AS IDENTITY,
    code  text NOT NULL,
    PRIMARY KEY (e, id),
    UNIQUE (e, code)
);
COMMENT ON TABLE budget IS 'What an enterprise plans to use in a year: standard coal, coal, or carbon dioxide.';

CREATE TABLE budget_version (
    e            integer NOT NULL,
    id           integer NOT NULL,
    valid_from   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    definition   jsonb NOT NULL,
    PRIMARY KEY (e, id, valid_from, recorded_at),
    FOREIGN KEY (e, id) REFERENCES budget
);
