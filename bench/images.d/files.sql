-- A table of files, from lines of bench/images' `files`.
CREATE TABLE files (path text PRIMARY KEY, size bigint, mtime double precision, mode text, owner text);
\copy files FROM pstdin
CREATE INDEX ON files (size);
ANALYZE files;
