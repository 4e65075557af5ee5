-- What the extension consists of, as one JSON array of [object, aspect, value]: two
-- databases in which it was made in different ways can be compared by it. Object ids
-- and times are not in it; a month of the ledger is any month.
--
-- What it does not know how to describe, it says: see "undescribed".
SET search_path TO pg_catalog;
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.described(catalog regclass, object oid, part int DEFAULT 0) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(pg_describe_object(catalog, object, part), 'stock_movement_\d{4}_\d{2}', 'stock_movement_MONTH', 'g')
$$;
CREATE FUNCTION pg_temp.rights(acl aclitem[], kind "char", owner oid) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s of %s to %s%s', a.privilege_type, a.grantor::regrole, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
            CASE WHEN a.is_grantable THEN ' with grant option' END), ', ' ORDER BY a.grantee::regrole::text, a.privilege_type)
    FROM aclexplode(coalesce(acl, acldefault(kind, owner))) a
$$;
CREATE FUNCTION pg_temp.anonymous(definition text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(definition, 'stock_movement_\d{4}_\d{2}', 'stock_movement_MONTH', 'g')
$$;

CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'inventory');

-- Everything in the schema, the months of the ledger among it, which are no members.
CREATE TEMPORARY VIEW relation AS
SELECT c.* FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace;
CREATE TEMPORARY VIEW routine AS
SELECT p.* FROM pg_proc p WHERE p.pronamespace = 'inventory'::regnamespace;
CREATE TEMPORARY VIEW named_type AS
SELECT t.* FROM pg_type t WHERE t.typnamespace = 'inventory'::regnamespace;

CREATE TEMPORARY VIEW fact (object, aspect, value) AS
-- The extension
SELECT 'extension ' || e.extname, f.aspect, f.value
FROM pg_extension e CROSS JOIN LATERAL (VALUES
    ('version', e.extversion),
    ('owner', e.extowner::regrole::text),
    ('schema', e.extnamespace::regnamespace::text),
    ('relocatable', e.extrelocatable::text),
    ('comment', obj_description(e.oid, 'pg_extension'))) f (aspect, value)
WHERE e.extname = 'inventory'
UNION ALL
SELECT pg_temp.described('pg_class', c.id), 'contents are dumped', coalesce(nullif(c.condition, ''), 'all')
FROM pg_extension e, unnest(e.extconfig, e.extcondition) c (id, condition)
WHERE e.extname = 'inventory'
UNION ALL
SELECT pg_temp.described(m.classid, m.objid), 'is a member', 'yes' FROM member m
UNION ALL
SELECT 'undescribed', pg_temp.described(m.classid, m.objid), 'yes' FROM member m
WHERE m.classid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass)
-- Rights that the extension gave when it was made: a dump has what differs from them.
UNION ALL
SELECT pg_temp.described(i.classoid, i.objoid, i.objsubid), 'initial rights',
    pg_temp.rights(i.initprivs, 'f', 0)
FROM pg_init_privs i WHERE (i.classoid, i.objoid) IN (SELECT classid, objid FROM member)
-- The schema
UNION ALL
SELECT 'schema ' || n.nspname, f.aspect, f.value
FROM pg_namespace n CROSS JOIN LATERAL (VALUES
    ('owner', n.nspowner::regrole::text),
    ('rights', pg_temp.rights(n.nspacl, 'n', n.nspowner)),
    ('comment', obj_description(n.oid, 'pg_namespace'))) f (aspect, value)
WHERE n.nspname = 'inventory'
-- Functions
UNION ALL
SELECT pg_temp.described('pg_proc', p.oid), f.aspect, f.value
FROM routine p CROSS JOIN LATERAL (VALUES
    ('definition', CASE WHEN p.prokind IN ('f', 'p', 'w') THEN pg_get_functiondef(p.oid) ELSE p.prokind::text END),
    ('result', pg_get_function_result(p.oid)),
    ('volatility', p.provolatile::text),
    ('parallel', p.proparallel::text),
    ('security definer', p.prosecdef::text),
    ('strict', p.proisstrict::text),
    ('leakproof', p.proleakproof::text),
    ('cost', p.procost::text),
    ('rows', p.prorows::text),
    ('settings', p.proconfig::text),
    ('support function', p.prosupport::text),
    ('symbol', p.prosrc),
    ('library', p.probin),
    ('owner', p.proowner::regrole::text),
    ('rights', pg_temp.rights(p.proacl, 'f', p.proowner)),
    ('comment', obj_description(p.oid, 'pg_proc'))) f (aspect, value)
-- Tables, views, sequences, indexes
UNION ALL
SELECT pg_temp.described('pg_class', c.oid), f.aspect, f.value
FROM relation c CROSS JOIN LATERAL (VALUES
    ('kind', c.relkind::text),
    ('persistence', c.relpersistence::text),
    ('options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o)),
    ('toast options', (SELECT string_agg(o, ', ' ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = c.reltoastrelid)),
    ('access method', (SELECT a.amname FROM pg_am a WHERE a.oid = c.relam)),
    ('tablespace', c.reltablespace::text),
    ('row security', c.relrowsecurity::text || ', forced ' || c.relforcerowsecurity::text),
    ('replica identity', c.relreplident::text),
    ('is a partition', c.relispartition::text),
    ('parents', (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relkind <> 'i')),
    ('partition key', CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END),
    ('partition bound', CASE WHEN c.relname !~ '^stock_movement_\d{4}_\d{2}$' THEN pg_get_expr(c.relpartbound, c.oid) END),
    ('index', CASE WHEN c.relkind IN ('i', 'I') THEN (SELECT pg_temp.anonymous(pg_get_indexdef(c.oid)) || format(' -- valid %s, clustered %s, replica identity %s', x.indisvalid, x.indisclustered, x.indisreplident) FROM pg_index x WHERE x.indexrelid = c.oid) END),
    ('query', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END),
    ('owner', c.relowner::regrole::text),
    ('rights', CASE WHEN c.relkind NOT IN ('i', 'I') THEN pg_temp.rights(c.relacl, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) END),
    ('comment', CASE WHEN c.relname !~ '^stock_movement_\d{4}_\d{2}' THEN obj_description(c.oid, 'pg_class') END)) f (aspect, value)
UNION ALL
SELECT pg_temp.described('pg_class', s.seqrelid), f.aspect, f.value
FROM pg_sequence s JOIN relation c ON c.oid = s.seqrelid CROSS JOIN LATERAL (VALUES
    ('sequence', format('%s from %s by %s, %s to %s, cache %s, cycle %s', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)),
    ('owned by', (SELECT string_agg(d.deptype::text || ' ' || pg_temp.described(d.refclassid, d.refobjid, d.refobjsubid), ', ')
        FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))) f (aspect, value)
-- Columns, by their place as well: the library knows some by their number.
UNION ALL
SELECT pg_temp.described('pg_class', c.oid, a.attnum), f.aspect, f.value
FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum CROSS JOIN LATERAL (VALUES
    ('place', a.attnum::text),
    ('type', format_type(a.atttypid, a.atttypmod)),
    ('not null', a.attnotnull::text),
    ('default', pg_get_expr(d.adbin, d.adrelid)),
    ('generated', a.attgenerated::text),
    ('identity', a.attidentity::text),
    ('storage', a.attstorage::text),
    ('compression', a.attcompression::text),
    ('collation', CASE WHEN a.attcollation <> 0 THEN a.attcollation::regcollation::text END),
    -- Later minor releases of the server keep a number of their own among them.
    ('options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) o WHERE o !~ '^pg_attver=')),
    ('rights', CASE WHEN a.attacl IS NOT NULL THEN pg_temp.rights(a.attacl, 'c', c.relowner) END),
    ('comment', col_description(c.oid, a.attnum))) f (aspect, value)
WHERE c.relkind NOT IN ('i', 'I')
UNION ALL
SELECT pg_temp.described('pg_constraint', o.oid), f.aspect, f.value
FROM pg_constraint o CROSS JOIN LATERAL (VALUES
    ('definition', pg_get_constraintdef(o.oid)),
    ('validated', o.convalidated::text),
    ('inherited', format('local %s, from %s, noinherit %s', o.conislocal, o.coninhcount, o.connoinherit)),
    ('deferrable', format('%s, deferred %s', o.condeferrable, o.condeferred)),
    ('index', o.conindid::regclass::text),
    ('comment', obj_description(o.oid, 'pg_constraint'))) f (aspect, value)
WHERE o.connamespace = 'inventory'::regnamespace
    -- That of a month is its own.
    AND NOT (f.aspect = 'index' AND f.value ~ 'stock_movement_\d{4}_\d{2}')
UNION ALL
SELECT pg_temp.described('pg_trigger', t.oid), f.aspect, f.value
FROM pg_trigger t JOIN relation c ON c.oid = t.tgrelid CROSS JOIN LATERAL (VALUES
    ('definition', pg_temp.anonymous(pg_get_triggerdef(t.oid))),
    ('enabled', t.tgenabled::text),
    ('comment', obj_description(t.oid, 'pg_trigger'))) f (aspect, value)
WHERE NOT t.tgisinternal
UNION ALL
SELECT pg_temp.described('pg_rewrite', r.oid), 'definition', pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN relation c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT pg_temp.described('pg_policy', p.oid), 'definition', concat_ws(' ', p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN relation c ON c.oid = p.polrelid
UNION ALL
SELECT pg_temp.described('pg_statistic_ext', s.oid), 'definition', pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s WHERE s.stxnamespace = 'inventory'::regnamespace
-- Types
UNION ALL
SELECT pg_temp.described('pg_type', t.oid), f.aspect, f.value
FROM named_type t CROSS JOIN LATERAL (VALUES
    ('kind', t.typtype::text),
    ('labels', (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)),
    ('domain', CASE t.typtype WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault) END),
    ('owner', t.typowner::regrole::text),
    ('rights', pg_temp.rights(t.typacl, 'T', t.typowner)),
    ('comment', obj_description(t.oid, 'pg_type'))) f (aspect, value)
UNION ALL
-- What is in none of the lists above.
SELECT 'undescribed', pg_temp.described(d.classid, d.objid), 'yes'
FROM pg_depend d
WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'inventory'::regnamespace
    -- The views above are such rules.
    AND d.classid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_statistic_ext'::regclass, 'pg_rewrite'::regclass)
;

SELECT json_agg(DISTINCT jsonb_build_array(object, aspect, value)) FROM fact WHERE value IS NOT NULL;
