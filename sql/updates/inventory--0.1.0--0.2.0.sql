\echo Use "ALTER EXTENSION inventory UPDATE" to load this file. \quit
-- Nothing of the caller's search_path may be found while this script runs.
SET LOCAL search_path TO pg_catalog, pg_temp;
