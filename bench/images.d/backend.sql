-- Queries that are under way in one backend: their sorts and hash tables are its private memory.
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 0;
SET cursor_tuple_fraction = 1;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
BEGIN;
-- Sorted: the files, and accounts.
DECLARE sorted CURSOR FOR SELECT * FROM files ORDER BY mtime, path;
DECLARE accounts CURSOR FOR SELECT aid, bid, abalance FROM pgbench_accounts ORDER BY abalance, aid;
-- Hashed: what happened to which account, and what each directory holds.
DECLARE history CURSOR FOR
    SELECT h.mtime, h.delta, a.abalance FROM pgbench_accounts a JOIN pgbench_history h USING (aid);
DECLARE directories CURSOR FOR
    SELECT regexp_replace(path, '/[^/]*$', '') AS dir, count(*), sum(size), array_agg(path)
    FROM files GROUP BY 1;
\o /dev/null
FETCH 1000 FROM sorted;
FETCH 1000 FROM accounts;
FETCH 1000 FROM history;
FETCH 1000 FROM directories;
\o
SELECT 'backend ' || pg_backend_pid() \g (tuples_only format=unaligned)
\echo ready
SELECT pg_sleep(3600);
