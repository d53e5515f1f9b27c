-- Backup and restore: what there is, and statements about each table, put together by the server, which quotes names.

-- name: tables()
-- Ordinary tables of the product, with the tables they refer to. Statements, not COPY table: a hypertable's rows are
-- in its chunks. The digest does not depend on the order of rows.
SELECT c.relname AS name, columns.names, refers.names AS refers_to,
       format('SELECT %s FROM public.%I', columns.list, c.relname) AS content,
       format('SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS digest '
              'FROM (SELECT %s FROM public.%I) AS t', columns.list, c.relname) AS digest
FROM pg_class AS c
CROSS JOIN LATERAL (
    SELECT array_agg(a.attname::text ORDER BY a.attnum) AS names,
           string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS list
    FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
) AS columns
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(DISTINCT r.relname::text), '{}') AS names
    FROM pg_constraint AS k
    JOIN pg_class AS r ON r.oid = k.confrelid
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> k.conrelid
) AS refers
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migration'
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname;

-- name: sequences()
-- Where identities go on.
SELECT sequencename::text AS name, last_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
ORDER BY 1;

-- name: set_sequence(name, value)$
SELECT setval(format('public.%I', :name::text)::regclass, :value);

-- name: is_used()$
SELECT EXISTS (SELECT 1 FROM enterprise) OR EXISTS (SELECT 1 FROM reading LIMIT 1);

-- name: empty_statement(names)$
-- What migrations wrote themselves is in the backup, too. CASCADE: other schemas may refer to enterprises.
SELECT 'TRUNCATE ' || string_agg(format('public.%I', name), ', ') || ' CASCADE' FROM unnest(:names::text[]) AS name;
